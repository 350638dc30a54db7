import type { ServedStatus } from '../filesystem/served-tree.ts';
import { formatPath } from './request-path.ts';

/** Start of every answer to PROPFIND. */
export const multistatusStart: string =
  '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n';

/** End of every answer to PROPFIND. */
export const multistatusEnd: string = '</D:multistatus>\n';

/**
 * What is said of one file.
 * @source RFC 4918, sections 9.1, 14.24 and 15
 * @param names - its path
 * @param status - what it is
 * @param tag - its entity tag
 */
export function formatResponse(
  names: readonly string[],
  status: ServedStatus,
  tag: string,
): string {
  const isDirectory = status.kind === 'directory';
  const properties = [
    `<D:displayname>${escapeText(names.at(-1) ?? '')}</D:displayname>`,
    `<D:resourcetype>${isDirectory ? '<D:collection/>' : ''}</D:resourcetype>`,
    `<D:getlastmodified>${httpDate(status.modifiedMicros)}</D:getlastmodified>`,
    `<D:creationdate>${isoDate(status.modifiedMicros)}</D:creationdate>`,
    ...(isDirectory
      ? []
      : [
          `<D:getcontentlength>${status.sizeBytes}</D:getcontentlength>`,
          '<D:getcontenttype>application/octet-stream</D:getcontenttype>',
          `<D:getetag>${escapeText(tag)}</D:getetag>`,
        ]),
  ];
  return [
    `<D:response><D:href>${formatPath(names, isDirectory)}</D:href>`,
    `<D:propstat><D:prop>${properties.join('')}</D:prop>`,
    '<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n',
  ].join('');
}

/**
 * A time as HTTP headers have it. Years that they cannot express become the nearest they can.
 * @source RFC 9110, section 5.6.7
 * @param micros - microseconds since 1970
 */
export function httpDate(micros: number): string {
  return new Date(bounded(micros)).toUTCString();
}

function isoDate(micros: number): string {
  return new Date(bounded(micros)).toISOString();
}

const yearZeroMs = Date.UTC(0, 0, 1) - 1900 * 365.2425 * 86_400_000;
const yearTenThousandMs = Date.UTC(9999, 11, 31);

function bounded(micros: number): number {
  return Math.min(Math.max(Math.floor(micros / 1000), yearZeroMs), yearTenThousandMs);
}

/** Characters that XML cannot hold in any form are shown as replaced; the path beside them stays exact. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
