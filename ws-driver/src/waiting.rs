use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The tasks that wait for something to change.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    next: u64,
    /// By the order in which they came.
    wakers: BTreeMap<u64, Waker>,
}

impl Waiting {
    /// Wakes all.
    pub(crate) fn wake_all(&self) {
        let wakers = core::mem::take(&mut self.tasks().wakers);
        wakers.into_values().for_each(Waker::wake);
    }

    /// Wakes the task that came first.
    pub(crate) fn wake_one(&self) {
        let first = self.tasks().wakers.pop_first();
        if let Some((_, waker)) = first {
            waker.wake();
        }
    }

    /// What `find` gives once it gives something: it is asked at once, and whenever the task is woken.
    pub(crate) async fn until<V>(&self, mut find: impl FnMut() -> Option<V>) -> V {
        let mut seat = Seat { waiting: self, key: None };
        poll_fn(|cx| {
            if let Some(found) = find() {
                return Poll::Ready(found);
            }
            seat.waiting.wait(&mut seat.key, cx);
            // It may have changed just before.
            find().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Has the task woken when something changes. It is known by `key` from then on.
    pub(crate) fn wait(&self, key: &mut Option<u64>, cx: &Context<'_>) {
        let mut tasks = self.tasks();
        let key = *key.get_or_insert_with(|| {
            tasks.next += 1;
            tasks.next
        });
        tasks.wakers.insert(key, cx.waker().clone());
    }

    /// Wakes the task of `key` no more.
    pub(crate) fn forget(&self, key: Option<u64>) {
        if let Some(key) = key {
            self.tasks().wakers.remove(&key);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a task, which is forgotten with it.
struct Seat<'a> {
    waiting: &'a Waiting,
    key: Option<u64>,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.waiting.forget(self.key);
    }
}
