// A reporter for `node --test` that writes one TAP line for each single test: no line for a suite or a test that only
// groups others (node's own reporter counts those too, and indents). What failed follows as comment lines.
import { relative } from 'node:path';

const commented = (text) => String(text).split('\n').map((line) => `# ${line}\n`).join('');

function describe(error) {
    const said = [];
    // node wraps what a test threw, and fetch what the connection had.
    for (let e = error?.cause ?? error; e !== undefined && e !== null && said.length < 4; e = e.cause) said.push(e.stack ?? e.message ?? String(e));
    return said.join('\ncaused by: ');
}

export default async function* flatTap(source) {
    // A group's event comes after those of its members, which are one level deeper.
    const memberSeen = [];
    for await (const { type, data } of source) {
        if (type === 'test:stdout' || type === 'test:stderr') {
            yield commented(data.message.replace(/\n$/, ''));
            continue;
        }
        if (type !== 'test:pass' && type !== 'test:fail') continue;
        const isGroup = data.details?.type === 'suite' || memberSeen[data.nesting + 1] === true;
        memberSeen.length = data.nesting + 1;
        memberSeen[data.nesting] = true;

        const failed = type === 'test:fail';
        const onlyMembersFailed = data.details?.error?.failureType === 'subtestsFailed';
        if (isGroup && (!failed || onlyMembersFailed)) continue;
        const file = data.file ? `${relative(process.cwd(), data.file)}: ` : '';
        const skip = data.skip !== undefined && data.skip !== false ? ` # SKIP ${data.skip === true ? '' : data.skip}` : '';
        const todo = data.todo !== undefined && data.todo !== false ? ' # TODO' : '';
        yield `${failed ? 'not ok' : 'ok'} - ${file}${data.name.replaceAll('#', '\\#')}${skip}${todo}\n`;
        if (failed) yield commented(describe(data.details?.error));
    }
}
