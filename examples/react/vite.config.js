import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // Relative addresses: the same build runs from http://tauri.localhost, tauri://localhost or any folder.
  base: './',
  // pedidos-client is linked from this repository, which has no node_modules of its own.
  resolve: { dedupe: ['react', 'react-dom'] },
  build: { target: 'chrome87' },
});
