import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'electron-vite';

const neededAtStart = new RegExp(
  [
    'node_modules/(?:@vue|vue|vue-router|pinia)/',
    'src-renderer/(?:ui|api|practice)/|src-renderer/routes',
    'src-renderer/clusters/(?:cluster-|newest|session-actions|follow-records|open-cluster|ClusterMenu)',
    'src-renderer/shell/(?:AppMark|NoticeEntry|notice-store|shell-store|refresh|running-line|shortcuts|use-)',
    'src-renderer/settings/settings-store',
    'vite/preload-helper|plugin-vue',
  ]
    .join('|')
    .replaceAll('/', '[\\\\/]'),
);

/**
 * Main and preload are CommonJS for Chrome 114 / Node 18: the oldest runtime the app is started on.
 * Everything but Electron itself is bundled, so the built app needs no node_modules but PostgreSQL's own files.
 */
export default defineConfig({
  main: {
    build: {
      externalizeDeps: false,
      outDir: 'out/main',
      target: 'node18',
      sourcemap: true,
      rollupOptions: {
        input: { index: 'src-main/index.ts', 'planner-thread': 'src-main/planner-thread.ts' },
        // Both are optional native speed-ups that their libraries try and do without.
        external: ['electron', 'pg-native', 'cpu-features', /sshcrypto\.node$/],
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      target: 'node18',
      rollupOptions: {
        input: 'src-main/preload.ts',
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [vue()],
    build: {
      outDir: 'out/renderer',
      target: 'chrome114',
      // The first page needs three files, not forty: each is a round trip through the app's own protocol.
      cssCodeSplit: false,
      rollupOptions: {
        input: 'src-renderer/index.html',
        output: { advancedChunks: { groups: [{ name: 'base', test: neededAtStart }] } },
      },
    },
  },
});
