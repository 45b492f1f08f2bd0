using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Analytics.Engine.Kernels;

/// <summary>The instruction sets that kernels have paths for, from what every machine has to the widest.</summary>
public enum InstructionPath
{
    /// <summary>Portable code: what runs on ARM64 and on old machines.</summary>
    Portable,

    /// <summary>AVX2: vectors of 256 bits.</summary>
    Avx2,

    /// <summary>AVX-512 with VBMI: vectors of 512 bits, and any byte to any place.</summary>
    Avx512,
}

/// <summary>Chooses the path, in this one place.</summary>
public static class InstructionPaths
{
    /// <summary>The widest path of this machine.</summary>
    public static InstructionPath Best { get; } =
        Avx512Vbmi.IsSupported && Avx512DQ.IsSupported && Vector512.IsHardwareAccelerated ? InstructionPath.Avx512
        : Avx2.IsSupported ? InstructionPath.Avx2
        : InstructionPath.Portable;

    /// <summary>
    /// The path that kernels take: the best, or the one that the environment variable ANALYTICS_INSTRUCTIONS names
    /// (portable, avx2, avx512) if the machine has it. Tests set it to run all paths.
    /// </summary>
    public static InstructionPath Current { get; internal set; } =
        Enum.TryParse<InstructionPath>(Environment.GetEnvironmentVariable("ANALYTICS_INSTRUCTIONS"), ignoreCase: true, out var wanted) && wanted <= Best ? wanted : Best;
}
