import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import type { FileSystem, Finding } from '../../src/filesystem/file-system.ts';
import { DiskImage } from './disk-image.ts';

const fileCount = 200;
const readOnly = ['-t', 'ntfs-3g', '-o', 'ro'];
const attributeType = { volumeInformation: 0x70, data: 0x80 } as const;

let image: DiskImage;
let sound: Buffer;

before(async () => {
  image = await DiskImage.make(3 * 2 ** 20, ['mkntfs', '-F', '-Q', '-q', '-c', '1024']);
  await image.mounted(['-t', 'ntfs-3g'], (folder) => {
    mkdirSync(join(folder, 'full'));
    for (let index = 0; index < fileCount; index += 1) {
      writeFileSync(join(folder, 'full', `file number ${index}`), `content ${index}`);
    }
    writeFileSync(join(folder, 'first'), Buffer.alloc(9000, 'first'));
    writeFileSync(join(folder, 'second'), Buffer.alloc(9000, 'second'));
  });
  sound = readFileSync(image.path);
});
after(() => image[Symbol.asyncDispose]());

/** Breaks the image, looks at it, and leaves it sound again. */
async function broken(
  change: (bytes: Buffer, places: Places) => void,
  look: (fileSystem: FileSystem) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.from(sound);
  change(bytes, await image.read(placesOf));
  writeFileSync(image.path, bytes);
  try {
    await image.read(look);
  } finally {
    writeFileSync(image.path, sound);
  }
}

/** Where things lie on the sound volume, bytes. */
interface Places {
  readonly record: (path: string | number) => number;
  readonly indexBlocks: readonly number[];
}

async function placesOf(fileSystem: FileSystem): Promise<Places> {
  const owners = (await Array.fromAsync(fileSystem.owners())).flat();
  const records = new Map<string, number>();
  for (const batch of await Array.fromAsync(fileSystem.walk())) {
    for (const { name, status } of batch) records.set(name, Number(status.id));
  }
  const table = owners.find(({ id, use }) => id === '5' && use === 'file record')!.offsetBytes;
  const full = String(records.get('full'));
  return {
    record: (path) => table + 1024 * ((typeof path === 'number' ? path : records.get(path)!) - 5),
    indexBlocks: owners
      .filter(({ id, use }) => id === full && use === 'directory')
      .flatMap(({ offsetBytes, lengthBytes }) =>
        Array.from({ length: lengthBytes / 1024 }, (_, index) => offsetBytes + 1024 * index),
      )
      .filter((offset) => sound.toString('latin1', offset, offset + 4) === 'INDX'),
  };
}

/** Where an attribute begins in a record. */
function attributeAt(bytes: Buffer, record: number, type: number): number {
  let at = record + bytes.readUInt16LE(record + 0x14);
  while (bytes.readUInt32LE(at) !== type) at += bytes.readUInt32LE(at + 4);
  return at;
}

async function idOf(fileSystem: FileSystem, ...path: readonly string[]): Promise<string> {
  let id = fileSystem.root;
  for (const name of path) id = (await fileSystem.find(id, name))!.id;
  return id;
}

async function findings(fileSystem: FileSystem): Promise<readonly Finding[]> {
  return Array.fromAsync(fileSystem.check());
}

test('opens by the copies of what is damaged: boot sector, first file record', async () => {
  await broken(
    (bytes) => bytes.fill(0, 0, 512),
    async (fileSystem) => {
      assert.match(fileSystem.summary.notes.join(), /boot sector is damaged/);
      assert.equal((await fileSystem.status(await idOf(fileSystem, 'first'))).sizeBytes, 9000);
    },
  );
  await broken(
    (bytes, { record }) => bytes.fill(0xff, record(0), record(0) + 1024),
    async (fileSystem) => {
      assert.equal((await fileSystem.status(await idOf(fileSystem, 'first'))).sizeBytes, 9000);
      const told = (await findings(fileSystem)).map(({ structure }) => structure);
      assert(told.includes('file record 0'));
      assert(told.includes('copy of the first file records'));
    },
  );
});

test('lists and finds by the file records what a damaged index hides', () =>
  broken(
    (bytes, { indexBlocks }) => {
      assert(indexBlocks.length > 3);
      for (const offset of indexBlocks.slice(1, 3)) bytes[offset + 510]! ^= 1;
    },
    async (fileSystem) => {
      const full = await idOf(fileSystem, 'full');
      const names = (await Array.fromAsync(fileSystem.list(full))).flat().map(({ name }) => name);
      const expected = Array.from({ length: fileCount }, (_, index) => `file number ${index}`);
      assert.deepEqual(names.toSorted(), expected.toSorted());
      for (const name of expected) assert.equal((await fileSystem.find(full, name))?.name, name);
      const damage = (await findings(fileSystem)).find(({ severity }) => severity === 'damage');
      assert.match(damage?.structure ?? '', /index \$I30, block/);
      assert.match(damage?.reason ?? '', /not written whole/);
    },
  ));

test('tells of a torn file record where it lies, and reads all others', () =>
  broken(
    (bytes, { record }) => (bytes[record('first') + 1022]! ^= 1),
    async (fileSystem) => {
      const told: Finding[] = [];
      const walked = await Array.fromAsync(fileSystem.walk((finding) => told.push(finding)));
      assert.equal(walked.flat().length, fileCount + 2);
      assert.match(told[0]?.structure ?? '', /^file record \d+$/);
      const id = await idOf(fileSystem, 'first');
      await assert.rejects(
        async () => fileSystem.status(id),
        (error) =>
          isSecondwindError(error, 'FILE_SYSTEM_DAMAGED') &&
          error.data['structure'] === `file record ${id}` &&
          error.data['offsetBytes'] === told[0]?.offsetBytes,
      );
    },
  ));

test('shows no other file under the name of one that is gone', () =>
  broken(
    (bytes, { record }) => {
      const at = record('first') + 0x10;
      bytes.writeUInt16LE(bytes.readUInt16LE(at) + 1, at);
    },
    async (fileSystem) => {
      const listed = (await Array.fromAsync(fileSystem.list(fileSystem.root))).flat();
      assert.deepEqual(listed.map(({ name }) => name).toSorted(), ['full', 'second']);
      assert.equal(await fileSystem.find(fileSystem.root, 'first'), undefined);
      const [told] = await findings(fileSystem);
      assert.match(told?.reason ?? '', /"first" names file \d+, which is another one or gone/);
    },
  ));

test('refuses to open what Windows encrypted', () =>
  broken(
    (bytes, { record }) => {
      const at = attributeAt(bytes, record('first'), attributeType.data);
      bytes.writeUInt16LE(0x4000, at + 0x0c);
    },
    async (fileSystem) => {
      await assert.rejects(fileSystem.open(await idOf(fileSystem, 'first')), (error) =>
        isSecondwindError(error, 'CANNOT_LOOK_INSIDE'),
      );
    },
  ));

test('reads zeroes behind the initialised size, as ntfs-3g does', () =>
  broken(
    (bytes, { record }) => {
      const at = attributeAt(bytes, record('first'), attributeType.data);
      bytes.writeUInt32LE(1500, at + 0x38);
    },
    (fileSystem) =>
      image.mounted(readOnly, async (folder) => {
        const content = await fileSystem.open(await idOf(fileSystem, 'first'));
        const ours = Buffer.alloc(content.sizeBytes, 0xaa);
        await content.read(ours, 0);
        assert(ours.equals(readFileSync(join(folder, 'first'))));
        assert(ours.subarray(1500).every((byte) => byte === 0));
        assert.deepEqual(await content.extents(0, 9000), [
          { lengthBytes: 1500, isHole: false },
          { lengthBytes: 7500, isHole: true },
        ]);
      }),
  ));

test('finds two files in one place, and a bitmap that says otherwise', () =>
  broken(
    (bytes, { record }) => {
      const from = attributeAt(bytes, record('first'), attributeType.data) + 0x40;
      const to = attributeAt(bytes, record('second'), attributeType.data) + 0x40;
      bytes.copy(bytes, to, from, from + 8);
    },
    async (fileSystem) => {
      const told = await findings(fileSystem);
      assert(told.some(({ reason }) => /where that of another file lies/.test(reason)));
      assert(
        told.some(({ reason }) => /^9 clusters are marked in use and belong to no/.test(reason)),
      );
    },
  ));

test('does no more for claims than there is on the volume', async () => {
  await broken(
    (bytes, { record }) => {
      const at = attributeAt(bytes, record(0), attributeType.data);
      for (const size of [0x28, 0x30, 0x38]) bytes.writeBigUInt64LE(2n ** 50n, at + size);
    },
    async (fileSystem) => {
      const walked = await Array.fromAsync(fileSystem.walk());
      assert.equal(walked.flat().length, fileCount + 3);
    },
  );
  await broken(
    (bytes) => bytes.writeBigUInt64LE(2n ** 43n, 0x28),
    async (fileSystem) => {
      assert.match(fileSystem.summary.notes.join(), /shorter than it claims/);
      const spans = (await Array.fromAsync(fileSystem.allocated())).flat();
      assert(spans.every(({ offsetBytes }) => offsetBytes < sound.length));
    },
  );
});

test('says what a reader should know: a dirty volume, a journal not closed', () =>
  broken(
    (bytes, { record }) => {
      const volume = attributeAt(bytes, record(3), attributeType.volumeInformation);
      bytes.writeUInt16LE(1, volume + 0x18 + 10);
      const log = bytes.indexOf(Buffer.alloc(4096, 0xff));
      bytes.write('RSTR', log, 'latin1');
      bytes.writeUInt32LE(4096, log + 0x10);
      bytes.writeUInt16LE(0x30, log + 0x18);
      bytes.writeUInt16LE(0, log + 0x30 + 0x0c);
      bytes.writeUInt16LE(0, log + 0x30 + 0x0e);
    },
    async (fileSystem) => {
      const notes = fileSystem.summary.notes.join('\n');
      assert.match(notes, /^NTFS 3\.1$/m);
      assert.match(notes, /marked dirty/);
      assert.match(notes, /journal holds changes/);
      assert.equal(fileSystem.summary.isUnclean, true);
    },
  ));

test('opens and checks a volume whose own files are not in use', () =>
  broken(
    (bytes, { record }) => {
      // Flags at 0x16: $Volume, $LogFile, $Bitmap, $Secure, $UpCase.
      for (const number of [3, 2, 6, 9, 10]) bytes.writeUInt16LE(0, record(number) + 0x16);
    },
    async (fileSystem) => {
      assert.equal(fileSystem.summary.isUnclean, true);
      assert.match(fileSystem.summary.notes.join(), /name and version cannot be read/);
      assert.equal((await fileSystem.status(await idOf(fileSystem, 'first'))).sizeBytes, 9000);
      const told = (await findings(fileSystem)).map(({ structure }) => structure);
      assert(told.includes('file record 6'), told.join());
    },
  ));
