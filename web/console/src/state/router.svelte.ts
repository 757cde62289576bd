// The address is the truth of what is shown.
import { address, parse, type Route } from "../lib/routes";

class Router {
  route = $state<Route>(parse(location.pathname + location.search));

  constructor() {
    window.addEventListener("popstate", () => {
      this.route = parse(location.pathname + location.search);
    });
  }

  go(route: Route, replace = false): void {
    const next = address(route);
    if (next === location.pathname + location.search) return;
    if (replace) history.replaceState(null, "", next);
    else history.pushState(null, "", next);
    this.route = route;
  }
}

export const router = new Router();

/** For links: an ordinary click stays inside, a click that wants a new tab or window is left alone. */
export function follow(event: MouseEvent, route: Route): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  router.go(route);
}
