using System.Buffers;
using System.Runtime.InteropServices;

namespace Analytics.Storage.Compression;

/// <summary>Zstandard by libzstd, where the machine has it; the operating system brings it, we do not.</summary>
internal static unsafe partial class NativeZstd
{
    /// <summary>The level that libzstd takes when it is asked for none.</summary>
    public const int DefaultLevel = 3;

    private const string Library = "libzstd.so.1";

    /// <summary>Whether the library loads. Nothing else here may be called where it does not.</summary>
    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, typeof(NativeZstd).Assembly, null, out _);

    // One for each thread: for a page of 1 KB, making one takes longer (12 us) than decoding.
    [ThreadStatic]
    private static DecoderContext? ofThread;

    /// <summary>Decodes all frames, as <see cref="Zstd.Decompress"/> says.</summary>
    /// <param name="source">Exactly the frames.</param>
    /// <param name="target">As long as the page header says; filled completely.</param>
    /// <exception cref="MalformedDataException">A frame is damaged, needs a dictionary, or the length is another.</exception>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        // A pointer to nothing is not an empty buffer to each version of the library.
        byte nothing;
        var context = ofThread ??= new DecoderContext();
        fixed (byte* input = source, output = target)
        {
            var written = ZSTD_decompressDCtx(
                context, output is null ? &nothing : output, (nuint)target.Length, input is null ? &nothing : input, (nuint)source.Length);
            if (ZSTD_isError(written) != 0)
            {
                throw new MalformedDataException(
                    $"Zstandard data that libzstd refuses ({ErrorName(written)})", $"whole frames of {target.Length} bytes together, as the page header says");
            }

            if (written != (nuint)target.Length)
            {
                throw new MalformedDataException($"Zstandard frames of {written} bytes", $"{target.Length}, as the page header says");
            }
        }
    }

    /// <summary>Appends one frame, which says its length and has no checksum, since pages have one.</summary>
    /// <param name="source">May be empty.</param>
    /// <param name="level">1 (fast) to 22 (small), negative for faster ones; others are taken for the nearest.</param>
    /// <param name="target">Grows by source + source / 256 + 64 bytes at most. Left as it was where nothing is appended.</param>
    /// <returns>False where the library does not load.</returns>
    /// <exception cref="InsufficientMemoryException">The library found no memory for its tables.</exception>
    public static bool TryCompress(ReadOnlySpan<byte> source, int level, IBufferWriter<byte> target)
    {
        if (!IsAvailable)
        {
            return false;
        }

        byte nothing;
        var room = target.GetSpan(checked((int)ZSTD_compressBound((nuint)source.Length)));
        fixed (byte* input = source, output = room)
        {
            var written = ZSTD_compress(output, (nuint)room.Length, input is null ? &nothing : input, (nuint)source.Length, level);
            if (ZSTD_isError(written) != 0)
            {
                // With room for the worst case there is no other reason left.
                throw new InsufficientMemoryException($"libzstd compressed nothing: {ErrorName(written)}.");
            }

            target.Advance((int)written);
        }

        return true;
    }

    private static string ErrorName(nuint code) => Marshal.PtrToStringUTF8(ZSTD_getErrorName(code)) ?? "unknown error";

    [LibraryImport(Library)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_decompressDCtx(DecoderContext context, byte* target, nuint targetBytes, byte* source, nuint sourceBytes);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compress(byte* target, nuint targetBytes, byte* source, nuint sourceBytes, int level);

    [LibraryImport(Library)]
    private static partial nuint ZSTD_compressBound(nuint sourceBytes);

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    private static partial nint ZSTD_getErrorName(nuint code);

    private sealed class DecoderContext : SafeHandle
    {
        public DecoderContext()
            : base(0, ownsHandle: true)
        {
            SetHandle(ZSTD_createDCtx());
            if (IsInvalid)
            {
                throw new InsufficientMemoryException("libzstd found no memory for a decoder.");
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle() => ZSTD_freeDCtx(handle) == 0;
    }
}
