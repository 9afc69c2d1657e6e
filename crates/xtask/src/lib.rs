//! Chores of the workspace. They are tests (`tests/suite`): what can be checked by a program is
//! checked with every run of the suite.
