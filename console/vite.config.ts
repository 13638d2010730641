import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The issuer that `npm run dev` shows: `PASSPORT_URL=http://127.0.0.1:7700 npm run dev`.
declare const process: { env: Record<string, string | undefined> }
const issuer = process.env.PASSPORT_URL ?? 'http://127.0.0.1:7700'

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    target: 'es2022',
    // Nothing is inlined into HTML or CSS: the content security policy is the same for every asset.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What another part of the build has put beside the app stays: the inspector.
    emptyOutDir: false,
    chunkSizeWarningLimit: 250,
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/app-[hash].js',
        chunkFileNames: 'assets/app-[name]-[hash].js',
        assetFileNames: 'assets/app-[name]-[hash][extname]',
      },
    },
  },
  server: { proxy: { '/v1': issuer, '/.well-known': issuer, '/console/session': issuer } },
})
