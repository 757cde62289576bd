import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// Two projects in one run. Tests lie beside what they test: `name.test.ts`.
export default defineConfig({
  test: {
    projects: [
      {
        root: "./widget",
        test: { name: "widget", environment: "happy-dom", include: ["src/**/*.test.ts"] },
      },
      {
        root: "./console",
        plugins: [svelte()],
        // Svelte's server build would be picked otherwise, and components could not be mounted.
        resolve: { conditions: ["browser"] },
        test: { name: "console", environment: "happy-dom", include: ["src/**/*.test.ts"] },
      },
    ],
  },
});
