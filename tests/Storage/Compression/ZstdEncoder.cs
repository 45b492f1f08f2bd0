using System.Runtime.InteropServices;
using Analytics.Storage.Compression;

namespace Analytics.Tests.Storage.Compression;

/// <summary>libzstd's encoder with all its parameters, of which the product uses the level only.</summary>
internal static unsafe partial class ZstdEncoder
{
    public const int Level = 100;
    public const int WindowLog = 101;
    public const int MinMatch = 105;
    public const int Strategy = 107;
    public const int LongDistanceMatching = 160;
    public const int ContentSize = 200;
    public const int Checksum = 201;
    public const int LiteralCompression = 1002;
    public const int TargetBlockBytes = 1003;

    private const string Library = "libzstd.so.1";

    /// <summary>Compresses to one frame. Only where <see cref="NativeZstd.IsAvailable"/>.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes, params (int Name, int Value)[] parameters)
    {
        var context = ZSTD_createCCtx();
        try
        {
            foreach (var (name, value) in parameters)
            {
                if (ZSTD_isError(ZSTD_CCtx_setParameter(context, name, value)) != 0)
                {
                    throw new ArgumentException($"libzstd takes no {value} for its parameter {name}.", nameof(parameters));
                }
            }

            var target = new byte[bytes.Length + (bytes.Length / 8) + 1_000];
            fixed (byte* input = bytes, output = target)
            {
                var written = ZSTD_compress2(context, output, (nuint)target.Length, input, (nuint)bytes.Length);
                return ZSTD_isError(written) == 0 ? target[..(int)written] : throw new InvalidOperationException("libzstd compressed nothing.");
            }
        }
        finally
        {
            _ = ZSTD_freeCCtx(context);
        }
    }

    [LibraryImport(Library)]
    private static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_CCtx_setParameter(nint context, int name, int value);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compress2(nint context, byte* target, nuint targetBytes, byte* source, nuint sourceBytes);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);
}
