/** The server's access token: in the address once, in this tab's storage from then on. */

const TOKEN_KEY = 'faultline.token';

/** Takes the token out of the address bar (it must not end up in bookmarks or history) and keeps it for reloads. */
export function takeToken(place: Location, memory: Storage, history: History): string | null {
  const given = new URLSearchParams(place.hash.replace(/^#/, '')).get('token');
  if (given) {
    memory.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', place.pathname + place.search);
  }
  return given ?? memory.getItem(TOKEN_KEY);
}
