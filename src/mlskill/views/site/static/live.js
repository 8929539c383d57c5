// While `mlskill site --serve` watches the files: read the page again when they have changed.
"use strict";
new EventSource("/_live").addEventListener("changed", () => location.reload());
