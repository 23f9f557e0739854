/** Where the app is: the part of the address behind `#/`, so that back and reload work, and nothing is sent. */
import { useEffect, useState } from "preact/hooks";

/** `screen` is the first part ("" at home), `rest` what follows, such as the id of a scan. */
export interface Route {
  readonly screen: string;
  readonly rest: string;
}

/** Return the route of an address. */
export function routeOf(hash: string): Route {
  const [screen = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return { screen, rest: rest.join("/") };
}

/** Return the present route; the component follows it. */
export function useRoute(): Route {
  const [route, setRoute] = useState(routeOf(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(routeOf(location.hash));
    addEventListener("hashchange", follow);
    follow(); // the address may have changed between the first drawing and now, and nobody would tell
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** Go to a screen. `instead` leaves the present one out of the way back. */
export function go(path: string, instead = false): void {
  if (instead) location.replace(`#/${path}`);
  else location.hash = `#/${path}`;
}
