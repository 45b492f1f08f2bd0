using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Analytics.Server.Conventions;

/// <summary>Answers with a tag, or with 304 where the caller has that answer already.</summary>
internal static class ConditionalAnswer
{
    /// <summary>Sets the tag of an answer that is at hand, and answers 304 where the caller has it already.</summary>
    /// <param name="context">The request: authorised, and its parameters checked.</param>
    /// <param name="tag">The tag.</param>
    /// <returns>Whether it was answered.</returns>
    public static bool IsNotModified(HttpContext context, string tag)
    {
        context.Response.Headers.ETag = tag;
        context.Response.Headers.CacheControl = "private, no-cache";
        var known = context.Request.Headers.IfNoneMatch;
        if (!EntityTag.IsAny(known) && !EntityTag.Matches(known, tag))
        {
            return false;
        }

        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    /// <summary>Answers.</summary>
    /// <param name="context">The request: authorised, and its parameters checked.</param>
    /// <param name="tag">The tag of the answer that a success would have.</param>
    /// <param name="answer">Answers in full. A problem takes the tag off again.</param>
    public static async Task RunAsync(HttpContext context, string tag, Func<Task> answer)
    {
        var headers = context.Response.Headers;
        headers.ETag = tag;
        headers.CacheControl = "private, no-cache";
        headers.Vary = "Accept, Accept-Encoding";
        var known = context.Request.Headers.IfNoneMatch;
        if (known.Count == 0)
        {
            await answer();
        }
        else if (EntityTag.Matches(known, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
        }
        else if (EntityTag.IsAny(known))
        {
            await AnswerUnlessAnyAsync(context, answer);
        }
        else
        {
            await answer();
        }
    }

    /// <summary>"*" is true for any success, and whether there is one only the answer itself says.</summary>
    private static async Task AnswerUnlessAnyAsync(HttpContext context, Func<Task> answer)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var kept = new ProblemBody(context.Response);
        var replaced = new StreamResponseBodyFeature(kept);
        context.Features.Set<IHttpResponseBodyFeature>(replaced);
        try
        {
            await answer();
            await replaced.CompleteAsync();
        }
        finally
        {
            context.Features.Set(body);
        }

        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            context.Response.ContentLength = null;
            context.Response.ContentType = null;
            return;
        }

        await context.Response.Body.WriteAsync(kept.Kept, context.RequestAborted);
    }

    /// <summary>Keeps what is written of a problem, and nothing of a success, which may be long.</summary>
    private sealed class ProblemBody(HttpResponse response) : Stream
    {
        private readonly ArrayBufferWriter<byte> kept = new();

        public ReadOnlyMemory<byte> Kept => kept.WrittenMemory;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (response.StatusCode != StatusCodes.Status200OK)
            {
                kept.Write(buffer);
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer.AsSpan(offset, count));
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
