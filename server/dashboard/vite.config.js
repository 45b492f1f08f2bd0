import { brotliCompressSync, constants } from "node:zlib";
import { defineConfig } from "vite";

// Text is compressed once, here, as far as brotli goes; the server sends these files as they are.
const precompressed = {
  name: "precompressed",
  apply: "build",
  generateBundle: {
    order: "post",
    handler(_options, bundle) {
      for (const output of Object.values(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(output.fileName)) {
          continue;
        }
        const text = Buffer.from(output.type === "chunk" ? output.code : output.source);
        const source = brotliCompressSync(text, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
        });
        this.emitFile({ type: "asset", fileName: `${output.fileName}.br`, source });
      }
    },
  },
};

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [precompressed],
  build: {
    outDir: "../wwwroot",
    emptyOutDir: true,
    target: "es2023",
    // Nothing is inlined: the Content-Security-Policy allows files of this server only, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: Object.fromEntries(["/analytics", "/session", "/export", "/readyz"].map((path) => [path, "http://127.0.0.1:5080"])) },
});
