// Comfort only: without script everything is here, in the order it was given.
"use strict";
