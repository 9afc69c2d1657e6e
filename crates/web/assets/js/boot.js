// Runs before the first paint, so that neither the theme nor the area list jumps. Not a module,
// because modules wait for the document.
(() => {
  const root = document.documentElement;
  root.dataset.js = '';
  try {
    const theme = localStorage.getItem('plumb.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    if (localStorage.getItem('plumb.nav') === 'rail') root.dataset.nav = 'rail';
  } catch {
    // Storage may be closed to us; the page then follows the machine.
  }
})();
