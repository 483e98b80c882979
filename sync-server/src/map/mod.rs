//! The officials' map: what it shows, kept up to date for every tablet at once.

mod contract;
