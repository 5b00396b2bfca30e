//! The choice of contestants, and the length of the measurement.

use core_affinity::CoreId;

use crate::contestant::{Contestant, Standing};
use crate::contestants;
use crate::task::Task;

/// The parts of a case to measure, and the length of the measurement.
pub(crate) struct Plan {
    /// The chosen contestants; empty for all.
    pub(crate) only: Vec<&'static Contestant>,
    /// The number of turns of each contestant.
    pub(crate) rounds: usize,
    /// The length of a turn, in nanoseconds of CPU time.
    pub(crate) turn: f64,
    /// The number of idle connections at a time.
    pub(crate) idle: usize,
    /// The number of connections of the compressed cases.
    pub(crate) connections: usize,
    /// The core of the servers.
    pub(crate) core: Option<CoreId>,
}

impl Plan {
    /// Returns the chosen contestants that support `task`, and their floors.
    pub(crate) fn contestants(&self, task: Task) -> impl Iterator<Item = &'static Contestant> {
        contestants::ALL
            .into_iter()
            .filter(move |contestant| (contestant.can)(task) && self.takes(contestant, task))
    }

    fn takes(&self, contestant: &Contestant, task: Task) -> bool {
        self.only.is_empty()
            || self.only.iter().any(|only| {
                only.name == contestant.name
                    || matches!(contestant.standing, Standing::Floor) && only.floor(task) == contestant.name
            })
    }
}
