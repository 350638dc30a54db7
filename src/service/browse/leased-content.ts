import type { ReadableDisk } from '../../disk/disk.ts';

/** Opens something inside a use that ends when the something is closed. */
export type LeasedUse = (use: (content: ReadableDisk) => Promise<void>) => Promise<void>;

/**
 * Keeps what a content lies in open for as long as the content itself.
 * @param lend - opens the content, hands it to its argument, and lets everything go when that has ended
 * @returns the content; closing it ends the use
 * @throws what `lend` throws before it hands the content over
 */
export async function leaseContent(lend: LeasedUse): Promise<ReadableDisk> {
  const opened = Promise.withResolvers<ReadableDisk>();
  const closed = Promise.withResolvers<undefined>();
  const ended = lend(async (content) => {
    opened.resolve(content);
    await closed.promise;
    await content.close();
  });
  ended.catch((error: unknown) => {
    opened.reject(error);
  });
  const content = await opened.promise;
  return {
    sizeBytes: content.sizeBytes,
    read: (target, offsetBytes) => content.read(target, offsetBytes),
    extents: (offsetBytes, lengthBytes) => content.extents(offsetBytes, lengthBytes),
    prefetch: (offsetBytes, lengthBytes) => content.prefetch?.(offsetBytes, lengthBytes),
    close: async () => {
      closed.resolve(undefined);
      await ended;
    },
  };
}
