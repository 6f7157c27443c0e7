import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import vue from 'eslint-plugin-vue';
import globals from 'globals';
import ts from 'typescript-eslint';

const math = [
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'atan2',
  'pow',
  'exp',
  'expm1',
  'log',
  'log2',
  'log10',
  'log1p',
];
const notReproducible =
  'Core must give the same result on every machine: take time and randomness from the run (STYLE rule 5).';
const property = (object, name, message) => ({ object, property: name, message });

/** Words that core may not use at all, whatever platform it runs on. */
const coreGlobals = ['Date', 'performance', 'console', 'process', 'window', 'document', 'setTimeout', 'setInterval'];
const coreProperties = [
  property('Math', 'random', notReproducible),
  ...[
    'toLocaleString',
    'toLocaleDateString',
    'toLocaleTimeString',
    'localeCompare',
    'toLocaleUpperCase',
    'toLocaleLowerCase',
  ].map((name) => ({
    property: name,
    message: 'Locales differ between machines: format with base/units.ts or compare by code unit.',
  })),
];
const mathProperties = math.map((name) =>
  property('Math', name, 'The last digit differs between runtimes: use base/math.ts (STYLE rule 5).'),
);

export default defineConfig(
  {
    ignores: [
      'out/**',
      'dist/**',
      'node_modules/**',
      'test-results/**',
      'coverage/**',
      '.faultline/**',
      'test/fixtures/**',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.vue'],
    extends: [...ts.configs.strictTypeChecked, ...vue.configs['flat/recommended']],
    languageOptions: {
      parserOptions: {
        parser: ts.parser,
        projectService: true,
        extraFileExtensions: ['.vue'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-undef': 'off', // tsc does it, and knows the types
      eqeqeq: 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unified-signatures': 'off',
      // Typed arrays are read as `column[i]!` where the index is in range by construction.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `while (true)` with a break inside is the clearest form of some loops.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    files: ['src-core/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-globals': ['error', ...coreGlobals.map((name) => ({ name, message: notReproducible }))],
      'no-restricted-properties': ['error', ...coreProperties, ...mathProperties],
    },
  },
  { files: ['src-core/base/math.ts'], rules: { 'no-restricted-properties': ['error', ...coreProperties] } },
  {
    files: ['src-renderer/**'],
    languageOptions: { globals: globals.browser },
    rules: {
      'vue/multi-word-component-names': 'off',
      // Layout is prettier's business.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: globals.node },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
