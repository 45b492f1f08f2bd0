// What the scripts that read our Parquet files share.
//   node SCRIPT read FOLDER           writes NAME.rows beside each NAME.parquet: a JSON array of "name type" for the
//                                     columns, then one of texts for each row
//   node SCRIPT filter FILE QUERIES   prints a JSON array for each query, the column "row" where low <= column <= high;
//                                     QUERIES is a JSON array of { column, type, low, high }; then what it took
// Texts are exact: decimals are the unscaled integer (in queries with their point), instants microseconds since the Unix epoch.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** The digits of a decimal that was printed with all of its decimals. */
export const unscaled = text => BigInt(text.replace('.', '')).toString();

export const line = values => JSON.stringify(values) + '\n';

/**
 * Does what the command line says.
 * @param read from a path to { columns: ["name type"], rows: [[text]] }
 * @param filter from a path and a query to the rows found
 * @param effort what the filters took, as texts
 */
export async function run(read, filter, effort = () => []) {
  const [command, argument, queries] = process.argv.slice(2);
  if (command === 'read') {
    for (const name of fs.readdirSync(argument).filter(name => name.endsWith('.parquet'))) {
      const file = path.join(argument, name);
      try {
        const { columns, rows } = await read(file);
        fs.writeFileSync(file + '.rows', [columns, ...rows].map(line).join(''));
      } catch (error) {
        fs.writeFileSync(file + '.rows', line([`error: ${error.message ?? error}`]));
      }
    }
  } else {
    for (const query of JSON.parse(fs.readFileSync(queries, 'utf8'))) {
      process.stdout.write(line(await filter(argument, query)));
    }
    process.stdout.write(line(effort()));
  }
}
