import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds the console's server (or the mock of dev/mock.mjs).
const server = process.env['HOTLINE_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [vue()],
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows neither inline script nor data: script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        manualChunks(id: string): string | undefined {
          if (id.includes('/jssip/')) return 'telephone';
          if (id.includes('/wavesurfer.js/')) return 'player';
          return undefined;
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': { target: server, ws: true },
      '/sip': { target: server, ws: true },
      '/healthz': server,
    },
  },
  test: { include: ['src/**/*.test.ts'] },
});
