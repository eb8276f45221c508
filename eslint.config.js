import { dirname, relative, resolve, sep } from 'node:path';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;

/**
 * The walls of the house: what each folder may import, its own files and packages aside. A folder that is not
 * named here may import nothing of ours. README, "Design decisions", says why.
 */
const allowedImports = {
  'src-main/contract': [],
  'src-main/log': ['src-main/contract'],
  'src-main/connections': ['src-main/contract', 'src-main/log'],
  'src-main/citus': ['src-main/contract', 'src-main/connections/database'],
  'src-main/plans': ['src-main/contract'],
  'src-main/planning': ['src-main/contract', 'src-main/plans'],
  'src-main/operations': [
    'src-main/contract',
    'src-main/plans',
    'src-main/citus',
    'src-main/connections/database',
    'src-main/log',
    'src-main/storage/audit-trail',
  ],
  'src-main/monitor': [
    'src-main/plans',
    'src-main/contract',
    'src-main/connections/database',
    'src-main/citus',
    'src-main/plans/health',
    'src-main/log',
  ],
  'src-main/history': ['src-main/contract', 'src-main/log', 'src-main/storage/history-file'],
  'src-main/share': ['src-main/contract'],
  'src-main/practice': ['src-main/contract', 'src-main/connections/database', 'src-main/log'],
  'src-main/storage': ['src-main/contract', 'src-main/log'],
  'src-main/ipc/handlers': ['src-main'],
  'src-main/ipc': ['src-main/contract', 'src-main/log'],
  'src-main/preload': ['src-main/contract', 'src-main/ipc/channels'],
  'src-main/page': [],
  'src-main/window': ['src-main/log', 'src-main/page'],
  'src-main/index': ['src-main'],
  'src-main/compose': ['src-main'],
  'src-main/planner-thread': ['src-main/connections/database', 'src-main/planning'],
  'src-renderer': ['src-main/contract'],
};

/** A package, or a part of one, and the only file that may import it. */
const onlyImporters = {
  pg: 'src-main/connections/database.ts',
  ssh2: 'src-main/connections/ssh.ts',
  'node:child_process': 'src-main/practice/processes.ts',
  child_process: 'src-main/practice/processes.ts',
};

/** Names of electron and the files that may import them. */
const electronNames = {
  ipcMain: ['src-main/index.ts'],
  ipcRenderer: ['src-main/preload.ts'],
  contextBridge: ['src-main/preload.ts'],
};
const electronImporters = /^src-main\/(index|compose|window|page|preload|ipc\/[\w-]+)\.ts$/;

const walls = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/');
    const room = Object.keys(allowedImports)
      .filter((name) => file === `${name}.ts` || file.startsWith(`${name}/`))
      .sort((a, b) => b.length - a.length)[0];

    const check = (node, source, isTypeOnly, names) => {
      if (onlyImporters[source] && onlyImporters[source] !== file && file.startsWith('src-')) {
        context.report({ node, message: `"${source}" is imported by ${onlyImporters[source]} alone.` });
      }
      if (source === 'electron' && file.startsWith('src-')) {
        if (!electronImporters.test(file) && !isTypeOnly) {
          context.report({
            node,
            message:
              'electron is imported by the composition root, window, page, preload and ipc alone; take what is needed as a parameter.',
          });
        }
        for (const name of names) {
          if (electronNames[name] && !electronNames[name].includes(file) && !isTypeOnly) {
            context.report({
              node,
              message: `electron's ${name} is imported by ${electronNames[name].join(', ')} alone.`,
            });
          }
        }
      }
      if (!source.startsWith('.') || !room) return;
      const target = relative(root, resolve(dirname(context.filename), source))
        .split(sep)
        .join('/');
      if (target === room || target.startsWith(`${room}/`)) return;
      const allowed = allowedImports[room];
      if (allowed.some((name) => target === name || target.startsWith(`${name}/`))) {
        if (
          room === 'src-renderer'
          && !isTypeOnly
          && target.startsWith('src-main/')
          && !/\/words$/.test(target)
        ) {
          context.report({
            node,
            message:
              'the renderer takes types only from the contract (import type), and values from contract/words.',
          });
        }
        return;
      }
      context.report({
        node,
        message: `${room} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing of ours'}; not ${target}.`,
      });
    };
    return {
      ImportDeclaration(node) {
        check(
          node,
          node.source.value,
          node.importKind === 'type',
          node.specifiers.map((specifier) => specifier.imported?.name ?? ''),
        );
      },
      ImportExpression(node) {
        if (node.source.type === 'Literal') check(node, node.source.value, false, []);
      },
      ExportNamedDeclaration(node) {
        if (node.source) check(node, node.source.value, node.exportKind === 'type', []);
      },
    };
  },
};

const forbiddenFolders = ['utils', 'helpers', 'common', 'misc'];

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'node_modules/'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      'vue/multi-word-component-names': ['error', { ignores: ['App'] }],
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/no-static-inline-styles': 'error',
      'vue/require-default-prop': 'off',
    },
  },
  {
    plugins: { house: { rules: { walls } } },
    rules: {
      'house/walls': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'A union of literals, not an enum.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: forbiddenFolders.map((name) => ({
            group: [`**/${name}`, `**/${name}/**`],
            message: 'Name the folder after what it holds.',
          })),
        },
      ],
    },
  },
  {
    files: ['resources/launch/**', 'test/**', '*.config.*'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['resources/launch/runtime-loader/*.js', '**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  prettier,
);
