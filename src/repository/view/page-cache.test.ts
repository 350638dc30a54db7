import { strict as assert } from 'node:assert';
import { randomInt } from 'node:crypto';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { isSecondwindError } from '../../base/errors.ts';
import { pageBytes } from '../../base/limits.ts';
import type { OpenedGroup, WantedGroup } from '../../pipeline/open-pages.ts';
import { PageCache, type PagePlace } from './page-cache.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const capacityPages = 6;
/** The second page of a group ends early, and a third is not there. */
const dataBytes = pageBytes + 5000;

/** Groups whose every byte tells which page it belongs to; some are damaged. Threads that take their time, in any order. */
class Groups {
  opened = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async openPages(segment: number, groups: readonly WantedGroup[]): Promise<OpenedGroup[]> {
    this.opened += groups.length;
    for (const { offsetBytes, pages } of groups) {
      for (const { page, target } of pages) {
        await this.#wait();
        target.fill(isDamaged(offsetBytes) ? 0xff : valueOf({ segment, offsetBytes, page }));
      }
    }
    await this.#wait();
    return groups.map(({ offsetBytes }) =>
      isDamaged(offsetBytes)
        ? { fault: 'it rotted', faultOffsetBytes: offsetBytes + 40 }
        : { dataBytes },
    );
  }

  async #wait(): Promise<void> {
    for (let turns = this.#random() % 4; turns > 0; turns--) await turn();
  }
}

function isDamaged(offsetBytes: number): boolean {
  return offsetBytes % 112 === 0;
}

function valueOf({ segment, offsetBytes, page }: PagePlace): number {
  return (segment * 31 + (offsetBytes / 16) * 3 + page) % 251;
}

function assertContent(place: PagePlace, content: Buffer): void {
  assert.equal(content.length, place.page === 0 ? pageBytes : 5000);
  assert(content.equals(Buffer.alloc(content.length, valueOf(place))), JSON.stringify(place));
}

const places = fc.record({
  segment: fc.integer({ min: 1, max: 2 }),
  offsetBytes: fc.integer({ min: 1, max: 8 }).map((at) => at * 16),
  page: fc.integer({ min: 0, max: 1 }),
});

async function load(
  cache: PageCache,
  wanted: readonly PagePlace[],
  isPassing: boolean,
): Promise<void> {
  try {
    await cache.load(wanted, { isPassing }, (contents) => {
      assert.equal(contents.length, wanted.length);
      for (const [index, place] of wanted.entries()) assertContent(place, contents[index]!);
      assert(!wanted.some(({ offsetBytes }) => isDamaged(offsetBytes)));
    });
  } catch (error) {
    if (!isSecondwindError(error, 'DAMAGED')) throw error;
    const damaged = wanted.map(({ offsetBytes }) => offsetBytes).filter(isDamaged);
    assert(damaged.some((offset) => error.data['offset'] === offset + 40));
  }
}

describe(`page cache (seed ${seed})`, () => {
  test('whatever is asked at once, everybody gets what was asked for, from no more memory than there is', async () => {
    const loads = fc.array(
      fc.record({
        wanted: fc.array(places, { minLength: 1, maxLength: capacityPages }),
        isPassing: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const property = fc.asyncProperty(
      loads,
      fc.infiniteStream(fc.nat()),
      async (asked, numbers) => {
        const groups = new Groups(() => numbers.next().value as number);
        const cache = new PageCache(groups, capacityPages * pageBytes);
        await Promise.all(asked.map(({ wanted, isPassing }) => load(cache, wanted, isPassing)));
        for (const { wanted } of asked) {
          for (const place of wanted) {
            const content = cache.get(place);
            if (content !== undefined) assertContent(place, content);
          }
        }
        // Nothing is held any more, so the whole memory can be asked for again.
        const whole = Array.from({ length: capacityPages }, (_, index) => {
          return { segment: 9, offsetBytes: 16 * (8 + (index >> 1)), page: index % 2 };
        }).filter(({ offsetBytes }) => !isDamaged(offsetBytes));
        await load(cache, whole, false);
      },
    );
    await fc.assert(property, { seed, numRuns: 100 });
  });

  test('what is in memory or on its way is not opened again', async () => {
    const groups = new Groups(() => 1);
    const cache = new PageCache(groups, capacityPages * pageBytes);
    const wanted = [0, 1].map((page) => ({ segment: 1, offsetBytes: 16, page }));
    await Promise.all([load(cache, wanted, false), load(cache, wanted, false)]);
    await load(cache, wanted, true);
    assert.equal(groups.opened, 1);
    assertContent(wanted[0]!, cache.get(wanted[0]!)!);
  });

  test('pages that pass leave before those that stay', async () => {
    const cache = new PageCache(new Groups(() => 0), capacityPages * pageBytes);
    const stays = { segment: 1, offsetBytes: 16, page: 0 };
    await load(cache, [stays], false);
    for (let index = 0; index < 20; index++)
      await load(cache, [{ segment: 2 + index, offsetBytes: 16, page: 0 }], true);
    assertContent(stays, cache.get(stays)!);
  });

  test('a page that could not be opened is tried again', async () => {
    const groups = new Groups(() => 1);
    const cache = new PageCache(groups, capacityPages * pageBytes);
    const bad = { segment: 1, offsetBytes: 112, page: 0 };
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(
        cache.load([bad], { isPassing: false }, () => undefined),
        {
          code: 'DAMAGED',
        },
      );
      assert.equal(cache.get(bad), undefined);
    }
    assert.equal(groups.opened, 2);
  });
});
