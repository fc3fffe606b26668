/**
 * Moves references inside a JSON document by editing its text. Only the values that name the source change; everything else stays
 * byte for byte. Rules run one after the other, each on the text that the rule before left. So no value is edited twice, and the
 * edits can be taken back from the last to the first.
 *
 * A string that itself holds JSON ("{\"model\":\"a\"}") is a string; the step `~json` leads into it. A text column that holds JSON is
 * read as JSON.
 */
import { type JsonChange, changesOf } from './json-changes.ts';
import { pointerOf, pointerOfName, type Pointers } from './json-pointer.ts';
import type { InvalidJson, JsonNode, Span } from './json-text.ts';
import { outermostLayer, spanInValue } from './layers.ts';
import { applySplices, type Splice, spliceWithin } from './splices.ts';
import type { Edit, ValueRule } from './value-rule.ts';

export interface RewrittenJson {
  readonly text: string;
  readonly edits: Edit[];
  /** By place: how many names of members stay because their object has a member of the target's name. */
  readonly colliding: ReadonlyMap<string, number>;
}

/**
 * Applies the rules. A scalar is a string equal to a source, or a number spelled like it; a number stays a number where the target
 * can be one. With `fields` every component must equal the tuple, and all members change together or none. A member that is missing
 * or null matches only an empty component, and is not written; an object without its key is named by the others, if a name is there. In a
 * list the elements equal to a source are replaced, or dropped where the target is there already. With `fields` they are objects,
 * and none is dropped: it may hold more than a name.
 * A rule for names of members changes all of them, or none where one of them would be there twice.
 * @returns the new text and one edit per changed value (per changed list for lists), or why the text is not JSON.
 */
export function rewriteJson(text: string, rules: readonly ValueRule[]): RewrittenJson | InvalidJson {
  let layer = outermostLayer(text);
  const edits: Edit[] = [];
  const colliding = new Map<string, number>();
  for (const rule of rules) {
    if ('invalid' in layer) return layer;
    const found = changesOf(layer, rule);
    if (found.colliding > 0) colliding.set(rule.place, found.colliding);
    if (found.changes.length === 0) continue;
    const splices = found.changes.flatMap((change) => change.splices);
    for (const edit of editsOf(layer.text, rule.place, found.changes)) edits.push(edit);
    layer = outermostLayer(applySplices(layer.text, splices));
  }
  return 'invalid' in layer ? layer : { text: layer.text, edits, colliding };
}

/** Of changes within what changes as a whole only the outermost is an edit. To take it back takes back what is inside. */
function editsOf(text: string, place: string, changes: readonly JsonChange[]): Edit[] {
  const whole = new Map(changes.flatMap((one) => (one.name === undefined ? [[one.spot.node, one]] : [])));
  const splices = new Map<JsonChange, Splice[]>();
  const around = new Map<JsonNode, JsonChange | undefined>();
  for (const change of changes) {
    const outer = outermostIn(whole, around, change.spot.node) ?? change;
    const own = splices.get(outer);
    if (own === undefined) splices.set(outer, [...change.splices]);
    else for (const splice of change.splices) own.push(splice);
  }
  const after = new Map(
    [...splices].map(([change, some]) => [change, spliceWithin(text, spanOf(change), some)]),
  );
  const pointers: Pointers = new Map();
  return [...after].map(([change, written]) => {
    const { start, end } = spanOf(change);
    const edit = {
      place,
      pointer: pointerTo(change, pointers),
      before: text.slice(start, end),
      after: written,
    };
    const beside = besideOf({ text, pointers }, change, (node) => {
      const other = whole.get(node);
      return other && after.get(other);
    });
    return beside === undefined ? edit : { ...edit, beside };
  });
}

function besideOf(
  { text, pointers }: { readonly text: string; readonly pointers: Pointers },
  { spot: { layer }, beside = [] }: JsonChange,
  writtenOf: (node: JsonNode) => string | undefined,
): Record<string, string> | undefined {
  if (beside.length === 0) return undefined;
  const entries = beside.map((node) => {
    const { start, end } = spanInValue(layer, node);
    return [pointerOf({ layer, node }, pointers), writtenOf(node) ?? text.slice(start, end)];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

/** What an edit replaces, in the whole text. */
function spanOf({ spot: { layer, node }, name }: JsonChange): Span {
  return spanInValue(layer, name?.span ?? node);
}

function pointerTo({ spot, name }: JsonChange, pointers: Pointers): string {
  return name === undefined ? pointerOf(spot, pointers) : pointerOfName(spot, name.becomes, pointers);
}

/** Of what holds the value, and of itself, the outermost that changes as a whole. `around` keeps what was found for each node. */
function outermostIn(
  whole: ReadonlyMap<JsonNode, JsonChange>,
  around: Map<JsonNode, JsonChange | undefined>,
  node: JsonNode,
): JsonChange | undefined {
  const way: JsonNode[] = [];
  let known: JsonNode | undefined = node;
  for (; known !== undefined && !around.has(known); known = known.parent) way.push(known);
  let outermost = known === undefined ? undefined : around.get(known);
  for (const at of way.reverse()) {
    outermost ??= whole.get(at);
    around.set(at, outermost);
  }
  return outermost;
}
