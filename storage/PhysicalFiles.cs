using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Analytics.Storage;

/// <summary>The real disk, with its own binding to fsync.</summary>
/// <remarks>
/// .NET's flush-to-disk ignores EROFS, EINVAL and ENOTSUP, and .NET cannot open a folder as a file. After a first
/// failed fsync, ext4 turns read-only and answers EROFS: the runtime would report success for lost data.
/// </remarks>
internal sealed partial class PhysicalFiles : Files
{
    private const int Interrupted = 4; // EINTR
    private const int ReadOnly = 0; // O_RDONLY

    // EWOULDBLOCK: what flock says of a lock that another process holds.
    private static readonly int WouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public override ReadableFile OpenRead(string path) => new Readable(path);

    public override WritableFile Create(string path) => new Writable(path);

    public override void Rename(string from, string target) => File.Move(from, target, overwrite: true);

    public override void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    public override void CreateFolder(string path)
    {
        if (System.IO.Directory.Exists(path))
        {
            return;
        }

        // The parent's entry for a new folder must be durable before anything in the folder can be.
        var parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null)
        {
            CreateFolder(parent);
        }

        System.IO.Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        if (parent is not null)
        {
            SyncFolder(parent);
        }
    }

    public override void SyncFolder(string path)
    {
        var descriptor = OpenDescriptor(path, ReadOnly);
        if (descriptor < 0)
        {
            throw Failure(path);
        }

        try
        {
            Sync(descriptor, path);
        }
        finally
        {
            _ = CloseDescriptor(descriptor);
        }
    }

    public override bool Exists(string path) => File.Exists(path);

    public override IReadOnlyList<string> List(string path)
    {
        if (!System.IO.Directory.Exists(path))
        {
            return [];
        }

        var files = System.IO.Directory.GetFiles(path, "*", SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    public override IDisposable? TryLock(string path)
    {
        FileStream stream;
        try
        {
            // On Unix, FileShare.None is an advisory flock that the kernel drops with the process.
            stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                BufferSize = 0,
                UnixCreateMode = OwnerOnly,
            });
        }
        catch (IOException exception) when (exception.HResult == WouldBlock)
        {
            return null;
        }

        stream.SetLength(0);
        stream.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        return stream;
    }

    public override string LockOwner(string path)
    {
        // Not by FileStream: it would ask for a lock of its own, and be refused.
        using var handle = new SafeFileHandle(OpenDescriptor(path, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid)
        {
            return string.Empty;
        }

        Span<byte> content = stackalloc byte[16];
        var text = Encoding.ASCII.GetString(content[..RandomAccess.Read(handle, content, 0)]);
        return text.All(char.IsAsciiDigit) ? text : string.Empty;
    }

    private static void Sync(int descriptor, string path)
    {
        while (SyncDescriptor(descriptor) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                throw Failure(path);
            }
        }
    }

    private static SyncFailedException Failure(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new SyncFailedException(path, error, Marshal.GetPInvokeErrorMessage(error));
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    private sealed class Readable : ReadableFile
    {
        private readonly SafeFileHandle handle;
        private readonly string path;

        public Readable(string path)
        {
            this.path = path;
            handle = File.OpenHandle(path);
            try
            {
                Length = RandomAccess.GetLength(handle);
            }
            catch (NotSupportedException)
            {
                handle.Dispose();
                throw new CorruptFileException(path, null, null, "a pipe", "a file, whose end can be read first", "Save it to a file, and name that.");
            }
        }

        public override long Length { get; }

        public override void Read(long offset, Span<byte> target)
        {
            while (!target.IsEmpty)
            {
                var read = RandomAccess.Read(handle, target, offset);
                if (read == 0)
                {
                    throw new EndOfStreamException($"'{path}' ends at byte {offset}, expected {target.Length} bytes more.");
                }

                offset += read;
                target = target[read..];
            }
        }

        public override void Dispose() => handle.Dispose();
    }

    private sealed class Writable : WritableFile
    {
        private readonly FileStream stream;
        private readonly string path;

        public Writable(string path)
        {
            this.path = path;
            // No buffer of its own: Sync must see every byte in the system's hands.
            stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = OwnerOnly,
            });
        }

        public override void Write(ReadOnlySpan<byte> bytes) => stream.Write(bytes);

        public override void Sync() => PhysicalFiles.Sync((int)stream.SafeFileHandle.DangerousGetHandle(), path);

        public override void Dispose() => stream.Dispose();
    }
}
