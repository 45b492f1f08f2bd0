using System.Runtime.InteropServices;
using Analytics.Engine.Arrow.Foreign;

namespace Analytics.Engine.Arrow.CInterface;

/// <summary>Batches that somebody else produces, one after another. For one thread at a time.</summary>
public sealed unsafe class ImportedStream : IDisposable
{
    private readonly ForeignPlace place;
    private readonly ForeignSchema schema;
    private nint stream;

    internal ImportedStream(CArrowArrayStream* source, ForeignPlace place)
    {
        this.place = place;
        stream = (nint)NativeMemory.Alloc((nuint)sizeof(CArrowArrayStream));
        *Stream = *source;
        source->Release = null;
        try
        {
            if (Stream->Release is null)
            {
                throw place.Refuse("a stream that was released", "one that was not", "Hand it over once only.");
            }

            CArrowSchema target = default;
            Check(Stream->GetSchema(Stream, &target));
            schema = CArrowImport.Read(&target, place);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gives the stream back if nobody has.</summary>
    ~ImportedStream() => Release();

    /// <summary>The columns, without the skipped ones.</summary>
    public Schema Schema => schema.Schema;

    /// <summary>The columns that are left out.</summary>
    public IReadOnlyList<SkippedColumn> Skipped => schema.Skipped;

    private CArrowArrayStream* Stream => (CArrowArrayStream*)stream;

    /// <summary>The next batch; null after the last.</summary>
    /// <exception cref="ArrowFormatException">The data are damaged, or of a form that is not supported.</exception>
    /// <exception cref="IOException">The producer failed.</exception>
    /// <exception cref="ObjectDisposedException">The stream was given back.</exception>
    public ImportedBatch? Next()
    {
        ObjectDisposedException.ThrowIf(stream == 0, this);
        CArrowArray target = default;
        Check(Stream->GetNext(Stream, &target));
        GC.KeepAlive(this);
        if (target.Release is null)
        {
            return null;
        }

        var memory = new ImportedMemory(&target);
        try
        {
            return CArrowImport.Read(schema, memory, place);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Gives the stream back. Batches that it gave stay.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Check(int code)
    {
        if (code != 0)
        {
            var message = Marshal.PtrToStringUTF8((nint)Stream->GetLastError(Stream));
            throw new IOException($"'{place.Name}' gave error {code} in place of a batch: {message ?? "it did not say why"}");
        }
    }

    private void Release()
    {
        var block = Interlocked.Exchange(ref stream, 0);
        if (block != 0)
        {
            var moved = (CArrowArrayStream*)block;
            if (moved->Release is not null)
            {
                moved->Release(moved);
            }

            NativeMemory.Free(moved);
        }
    }
}
