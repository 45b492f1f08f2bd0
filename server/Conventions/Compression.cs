using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Options;

namespace Analytics.Server.Conventions;

/// <summary>Compresses answers for clients that ask for it. Who does not ask gets the bytes as they are written, with nothing in between.</summary>
/// <param name="services">Makes the encoders.</param>
/// <param name="options">Encodings and media types.</param>
internal sealed class Compression(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
{
    /// <summary>Shorter answers fit into one packet as they are.</summary>
    public const long LeastBytes = 1_400;

    /// <summary>Adds the encodings.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddResponseCompression(options =>
        {
            options.EnableForHttps = true;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();

            // Arrow and Parquet have compression of their own.
            options.MimeTypes =
            [
                "application/json", "application/problem+json", "application/x-ndjson", "text/csv", "text/plain",
                "text/html", "text/css", "text/javascript", "image/svg+xml",
            ];
        });
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        services.AddSingleton<IResponseCompressionProvider, Compression>();
    }

    /// <inheritdoc/>
    public override bool ShouldCompressResponse(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Response.ContentLength is null or >= LeastBytes && base.ShouldCompressResponse(context);
    }
}
