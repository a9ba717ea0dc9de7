import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// dist/web/<page>.html is served by its route, everything else of the pages below /assets/.
export default defineConfig({
  root: fileURLToPath(new URL("web", import.meta.url)),
  base: "/",
  build: {
    outDir: fileURLToPath(new URL("dist/web", import.meta.url)),
    emptyOutDir: true,
    assetsDir: "assets",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { graphiql: fileURLToPath(new URL("web/graphiql.html", import.meta.url)) },
      // React's "use client" marks in libraries mean nothing to a page without server components.
      checks: { moduleLevelDirective: false },
    },
    chunkSizeWarningLimit: 6000,
    reportCompressedSize: false,
  },
  server: {
    // `npx vite` serves the page with hot reload beside a running mes-twin.
    proxy: { "^/graphql$": { target: "http://127.0.0.1:4000", ws: true } },
  },
});
