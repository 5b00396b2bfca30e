//! The bars: how fast, or how small, the contestants of this workspace have to be.

/// The bar of this workspace in a case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// This many times the figure of the floor in the same run.
    Floor(f64),
    /// The same, for a bar that is smaller than the noise of the figures.
    NoisyFloor(f64),
    /// A figure for each contestant, by its name.
    Absolute(&'static [(&'static str, f64)]),
    /// The same. A contestant whose bar depends on another contestant may take this many times the figure of
    /// that one.
    Memory(&'static [(&'static str, f64)], f64),
    /// This many times the figure of the contestant of this name in the same run.
    Rival(&'static str, f64),
    /// No bar: the figures are only printed.
    None,
}

/// The bar of a contestant of this workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// The bar of the case, times this.
    OfCase(f64),
    /// The figure of the contestant of this name, times this.
    OfOther(&'static str, f64),
}
