import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Served under /console/ with a strict Content-Security-Policy: every script and style is a file of its own origin.
export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    // A data: URL would need a wider policy; files cost nothing here.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
