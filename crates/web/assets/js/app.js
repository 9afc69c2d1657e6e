// Starts the modules. Each does nothing on a page without its elements, and every page works
// without any of them.

import * as dialogs from './dialogs.js';
import * as drafts from './drafts.js';
import * as entryGrid from './entry-grid.js';
import * as forms from './forms.js';
import * as matrix from './matrix.js';
import * as palette from './palette.js';
import * as rows from './rows.js';
import * as shell from './shell.js';
import * as treegrid from './treegrid.js';
import * as typeahead from './typeahead.js';

shell.start();
drafts.tidy();
forms.start();
forms.startOnce();
dialogs.start();
palette.start();
typeahead.start();
rows.start();
treegrid.start();
matrix.start();
entryGrid.start();
