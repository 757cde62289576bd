// Runs before the first paint, so that a dark room stays dark. The console writes the same attribute later.
(function () {
  try {
    var saved = JSON.parse(localStorage.getItem("switchboard.settings") || "{}");
    if (saved.theme === "light" || saved.theme === "dark") document.documentElement.dataset.theme = saved.theme;
  } catch (_) {
    // No storage or a broken value: the system's theme it is.
  }
})();
