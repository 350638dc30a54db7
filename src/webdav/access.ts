import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a request carries the password. The user's name is not looked at: the password alone is the key.
 * @source RFC 7617, section 2
 * @param header - Authorization of the request
 * @param password - the one that opens the endpoint
 */
export function isAllowed(header: string | undefined, password: string): boolean {
  const [scheme = '', credentials = ''] = (header ?? '').split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') return false;
  const text = Buffer.from(credentials, 'base64').toString();
  const given = text.slice(text.indexOf(':') + 1);
  return timingSafeEqual(digest(given), digest(password));
}

/** Hashed, so that lengths are equal and nothing is learnt from the time it takes. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
