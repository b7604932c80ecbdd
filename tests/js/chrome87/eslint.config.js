// A TV on the wall runs Chrome 87 for ever: what is younger than it must not get into the page.

import compat from 'eslint-plugin-compat';
import es from 'eslint-plugin-es-x';

const restrict = es.configs['flat/restrict-to-es2021'];

// `aggressive` knows methods by their names alone. These names are also those of older things: an array's `map`
// would pass for an iterator's, and a field `at` for the method.
const ambiguous = /^es-x\/no-(iterator-prototype-|(array|string)-prototype-at$)/;
const rules = Object.fromEntries(Object.entries(restrict.rules).filter(([name]) => !ambiguous.test(name)));

export default [
  {
    files: ['**/*.js'],
    plugins: { ...restrict.plugins, compat },
    languageOptions: { ecmaVersion: 2021, sourceType: 'module' },
    linterOptions: { noInlineConfig: true },
    settings: { 'es-x': { aggressive: true }, browsers: ['chrome 87'], lintAllEsApis: true },
    rules: {
      ...rules,
      'compat/compat': 'error',
      // Static methods of older classes, which the others do not tell from the class.
      'no-restricted-properties': [
        'error',
        ...['timeout', 'any'].map((property) => ({ object: 'AbortSignal', property })),
        { object: 'Promise', property: 'withResolvers' },
        { object: 'Object', property: 'groupBy' },
        { object: 'URL', property: 'canParse' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'CallExpression[callee.property.name="at"]', message: 'at() is younger than Chrome 87.' },
      ],
    },
  },
];
