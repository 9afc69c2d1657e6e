//! How much a drawing shows before it says "and N more". More would not be read, and the table
//! behind the drawing has all of it.

/// Records on each side of a link graph.
pub const GRAPH_NODES_PER_SIDE: usize = 8;
/// Levels of a structure drawn beside one another.
pub const ICICLE_LEVELS: usize = 6;
/// Lines of a structure drawn below one another.
pub const ICICLE_LEAVES: usize = 60;
/// Severities and probabilities of a risk matrix.
pub const RISK_STEPS: usize = 10;
/// Bars of a bar chart.
pub const BARS: usize = 20;
/// States of a lifecycle drawing.
pub const LIFECYCLE_STATES: usize = 12;
/// Steps of a lifecycle drawing.
pub const LIFECYCLE_STEPS: usize = 40;
/// Records of a story.
pub const STORY_LANES: usize = 20;
/// Marks on one lane of a story.
pub const STORY_EVENTS_PER_LANE: usize = 40;
/// Age classes of an ageing chart.
pub const AGE_BUCKETS: usize = 16;
/// Points of a sparkline; the latest are kept.
pub const SPARKLINE_POINTS: usize = 120;
/// Rows of the table behind a drawing.
pub const TABLE_ROWS: usize = 500;
