/** The built-in registry, id by id: it allows what it offers, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadRegistryFolder } from '../../src/registry/load/folder.ts';
import { findMenu, listMenus } from '../../src/registry/verdict/menu.ts';
import { writtenForms } from '../../src/registry/known/written-forms.ts';
import { compileMatchers } from '../../src/registry/load/matchers.ts';
import { armEntries, armMatchers, goesByName, namesOf, vendorOf } from '../../src/registry/load/registry.ts';
import { judge } from '../../src/registry/verdict/routability.ts';

const registry = loadRegistryFolder();
assert.ok(registry.kind === 'ok');
const { runtimes, providers } = registry.registry;
const today = '2026-11-21';

function allows(runtime: string, model: string, names: readonly string[] = []): boolean {
  return judge(registry, { runtime, model, secrets: new Set(names), today }).verdict === 'allow';
}

for (const { id: runtime, arms = [] } of runtimes) {
  for (const arm of arms) {
    const provider = providers.find(({ id }) => id === arm.provider);
    assert.ok(provider !== undefined);
    describe(`${runtime} → ${provider.id}`, () => {
      for (const { id } of armEntries(arm)) {
        it(`${id} is allowed, and nothing near it`, () => {
          assert.ok(allows(runtime, id));
          assert.ok(allows(runtime, `  ${id} `), 'trimmed');
          for (const twin of [`zz-${id}`, id.toUpperCase(), `${id}?`].filter((each) => each !== id))
            assert.ok(!allows(runtime, twin) || goesByName(arm), twin);
        });
      }
      for (const { word, after = [] } of goesByName(arm) ? armMatchers(arm, provider) : []) {
        if (word === undefined) continue;
        const probe = `${word}${after[0]}probe`;
        it(`${probe} is taken by name, and its boundary holds`, () => {
          const verdict = judge(registry, { runtime, model: probe, secrets: new Set(provider.secrets) });
          assert.ok(verdict.verdict === 'allow' && verdict.provider === provider.id);
          const glued = `${word}probe`;
          assert.ok(!allows(runtime, glued, provider.secrets), glued);
          assert.ok(!allows(runtime, word, provider.secrets), 'the word alone');
        });
      }
    });
  }
}

describe('the built-in registry', () => {
  it('does not give claudette to claude-', () => {
    for (const { id, kind } of runtimes) if (kind === 'closed') assert.ok(!allows(id, 'claudette'), id);
  });

  it('offers in menus exactly what is allowed and listed', () => {
    for (const menu of listMenus(registry, { today })) {
      const offered = new Set(menu.arms.flatMap(({ models }) => models.map(({ id }) => id)));
      for (const id of offered) assert.ok(allows(menu.id, id), `${menu.id} ${id}`);
      const arms = runtimes.find(({ id }) => id === menu.id)?.arms ?? [];
      const listed = new Set(arms.flatMap((arm) => armEntries(arm).map(({ id }) => id)));
      assert.deepEqual([...offered].toSorted(), [...listed].filter((id) => allows(menu.id, id)).toSorted());
    }
  });

  it('offers nothing on an arm that has withdrawn it, also where another arm has it', () => {
    let asked = 0;
    for (const { id: runtime, arms = [] } of runtimes)
      for (const arm of arms)
        for (const { id, withdrawn = '9' } of armEntries(arm)) {
          if (withdrawn > today) continue;
          asked += 1;
          const menu = findMenu(registry, runtime, { today });
          const models = menu?.arms.find(({ provider }) => provider === arm.provider)?.models ?? [];
          assert.ok(!models.some((model) => model.id === id), `${runtime} ${arm.provider} ${id}`);
        }
    assert.ok(asked > 0);
  });

  it('shows what an arm that goes by name takes and needs', () => {
    const arm = findMenu(registry, 'hermes', { secrets: new Set(['OPENROUTER_API_KEY']) })?.arms.find(
      ({ provider }) => provider === 'openrouter',
    );
    assert.deepEqual(
      [arm?.models, arm?.takes, arm?.needs, arm?.ready],
      [[], ['openrouter/…, openrouter:…'], ['OPENROUTER_API_KEY'], true],
    );
  });

  const everyKey = providers.flatMap(({ secrets }) => secrets);
  const closed = runtimes.filter(({ kind }) => kind === 'closed').map(({ id }) => id);
  const words = ['', ...new Set(providers.flatMap(({ matchers }) => compileMatchers(matchers).prefixes))];

  it('takes no model of another kind, however it is written', () => {
    const others = registry.registry.models.filter(({ kind }) => kind !== 'completion');
    assert.ok(others.length > 15);
    for (const model of others)
      for (const word of words)
        for (const name of namesOf(model))
          for (const runtime of closed) {
            assert.ok(!allows(runtime, word + name, everyKey), `${runtime} ${word}${name}`);
            assert.ok(!allows(runtime, word + name), `${runtime} ${word}${name}`);
          }
  });

  it('takes nothing that was shut down, in none of its forms, and no model from another vendor', () => {
    const arms = new Map(closed.map((id) => [id, registry.routes.runtimes.get(id)?.named ?? []]));
    let asked = 0;
    for (const [model, forms] of writtenForms(registry)) {
      const { status, shutdown = '9', distributors } = model.lifecycle;
      const over = (status === 'retired' || shutdown <= today) && distributors === undefined;
      const texts = forms.flatMap(({ text }) => [text, `${text}:free`, `${text}@default`]);
      for (const [runtime, named] of arms)
        for (const id of texts.filter((text) => named.some(({ takes }) => takes(text)))) {
          asked += 1;
          const verdict = judge(registry, { runtime, model: id, secrets: new Set(everyKey), today });
          if (verdict.verdict !== 'allow') continue;
          assert.ok(!over, `${runtime} ${id}`);
          if (!verdict.by.startsWith('name')) continue;
          assert.equal(verdict.verified, false);
          const vendors = providers.filter(({ id: one }) => one === verdict.provider).map(vendorOf);
          const makes = registry.registry.models.some(({ vendor }) => vendors.includes(vendor));
          assert.ok(!makes || vendors.includes(model.vendor), `${runtime} ${id}`);
        }
    }
    assert.ok(asked > 2000, `${asked}`);
  });

  it('has no day of an end without the page, the day and the words that say so', () => {
    const dated = registry.registry.models.flatMap(({ id, lifecycle, source }) => [
      { id, source, ...lifecycle },
      ...(lifecycle.distributors ?? []).map((each) => ({ id: `${id} ${each.via}`, ...each })),
    ]);
    let asked = 0;
    for (const { id, shutdown, notBefore, quote = '', checked, source } of dated) {
      const day = shutdown ?? notBefore;
      if (day === undefined) continue;
      asked += 1;
      assert.ok(source !== undefined && checked !== undefined, id);
      const [year = '', , date = ''] = day.split('-');
      assert.ok(
        quote.includes(day) || new RegExp(`\\b${Number(date)}\\b|${Number(date)}日`).test(quote),
        `${id}: ${quote}`,
      );
      assert.ok(quote.includes(year), `${id}: ${quote}`);
    }
    assert.ok(asked > 150, `${asked}`);
  });

  it('never makes the platform pay for a name', () => {
    for (const { id: runtime, arms = [] } of runtimes) {
      const listed = new Set(
        arms.flatMap((arm) => (arm.provider === 'platform' ? armEntries(arm) : [])).map(({ id }) => id),
      );
      for (const { id } of registry.registry.models) {
        const verdict = judge(registry, { runtime, model: id });
        if (verdict.verdict === 'allow' && verdict.payer === 'platform')
          assert.ok(listed.has(id), `${runtime} ${id}`);
      }
    }
  });

  it('suggests at most five models, all of them allowed, and never the one that was asked for', () => {
    for (const { id: runtime } of runtimes) {
      for (const { id } of registry.registry.models) {
        const asked = `${id}-nonsense?`;
        const verdict = judge(registry, { runtime, model: asked, today });
        if (verdict.verdict !== 'refuse') continue;
        assert.ok(verdict.suggestions.length <= 5);
        assert.equal(new Set(verdict.suggestions).size, verdict.suggestions.length);
        for (const each of verdict.suggestions)
          assert.ok(allows(runtime, each) && each !== asked, `${runtime} ${each}`);
      }
    }
  });

  it('suggests the model itself where a runtime spells it otherwise', () => {
    const verdict = judge(registry, { runtime: 'openclaw', model: 'kimi-k2.6' });
    assert.ok(verdict.verdict === 'refuse' && verdict.suggestions[0] === 'moonshot/kimi-k2.6');
  });
});
