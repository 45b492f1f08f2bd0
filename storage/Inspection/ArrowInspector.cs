using Analytics.Engine.Arrow;
using Analytics.Engine.Arrow.Ipc;

namespace Analytics.Storage.Inspection;

/// <summary>Inspects Arrow streams and files: one record batch is in memory at a time, and the dictionaries.</summary>
internal static class ArrowInspector
{
    public static InspectedTable Inspect(ReadableFile file, string path, bool isStream, CancellationToken cancellation)
    {
        using var content = new ReadableFileStream(file);
        try
        {
            if (isStream)
            {
                var stream = ArrowStreamReader.Open(content, path);
                return FileInspector.Inspect(path, file.Length, "Arrow stream", stream.Schema, Batches(stream), cancellation)
                    with
                { NestedColumns = [.. stream.Skipped.Select(column => column.Name)] };
            }

            var batches = ArrowFileReader.Open(content, path);
            return FileInspector.Inspect(path, file.Length, "Arrow file", batches.Schema, Batches(batches), cancellation)
                with
            { NestedColumns = [.. batches.Skipped.Select(column => column.Name)] };
        }
        catch (ArrowFormatException error)
        {
            // Its message names the file and the byte already.
            throw new CorruptFileException(path, error);
        }
    }

    private static IEnumerable<RecordBatch> Batches(ArrowStreamReader reader)
    {
        while (reader.Next() is { } batch)
        {
            yield return batch;
        }
    }

    private static IEnumerable<RecordBatch> Batches(ArrowFileReader reader) =>
        Enumerable.Range(0, reader.BatchCount).Select(reader.Batch);
}
