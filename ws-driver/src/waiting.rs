use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The tasks that wait for a change, as on a condition variable.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Tasks>);

#[derive(Debug, Default)]
struct Tasks {
    next: u64,
    /// By their keys, in the order in which the tasks came.
    wakers: BTreeMap<u64, Waker>,
}

impl Waiting {
    /// A key that [`wait`](Self::wait) never assigns, for a task without a future of its own.
    pub(crate) const RESERVED: u64 = 0;

    /// Wakes all tasks.
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

    /// Waits until `find` returns a value, and returns it. `find` is called at once, and
    /// whenever the task is woken.
    pub(crate) async fn until<V>(&self, mut find: impl FnMut() -> Option<V>) -> V {
        let mut seat = Seat::new(self);
        poll_fn(|cx| {
            if let Some(found) = find() {
                return Poll::Ready(found);
            }
            seat.take(cx);
            // The change may have come just before the task was registered.
            find().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Registers the task to be woken at the next change. `key` identifies the task from then on.
    pub(crate) fn wait(&self, key: &mut Option<u64>, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut tasks = self.tasks();
        let key = *key.get_or_insert_with(|| {
            tasks.next += 1;
            tasks.next
        });
        let before = tasks.wakers.insert(key, waker);
        // The lock is released first: a waker may hold the last reference to its task, and a future in that
        // task may give back a seat.
        drop(tasks);
        drop(before);
    }

    /// Removes the task of `key`: it is not woken any more.
    pub(crate) fn forget(&self, key: Option<u64>) {
        if let Some(key) = key {
            let mut tasks = self.tasks();
            let before = tasks.wakers.remove(&key);
            drop(tasks);
            drop(before);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a future among the tasks that wait. Its drop gives the place back.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    waiting: &'a Waiting,
    key: Option<u64>,
}

impl<'a> Seat<'a> {
    /// Returns a seat that is not taken.
    pub(crate) const fn new(waiting: &'a Waiting) -> Self {
        Self { waiting, key: None }
    }

    /// Registers the task to be woken at the next change, in place of the task that was registered before.
    pub(crate) fn take(&mut self, cx: &Context<'_>) {
        self.waiting.wait(&mut self.key, cx);
    }

    /// Removes the task: it is not woken any more.
    pub(crate) fn leave(&mut self) {
        self.waiting.forget(self.key.take());
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use core::pin::pin;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::Arc;
    use std::task::Wake;

    use super::*;

    /// A waker that counts how often it was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Woken {
        fn poll<W: Future>(self: &Arc<Self>, work: core::pin::Pin<&mut W>) -> Poll<W::Output> {
            work.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
        }

        fn count(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn nothing() -> Option<()> {
        None
    }

    #[test]
    fn a_task_that_waits_is_woken_and_looks_again() {
        let (waiting, value, woken) = (Waiting::default(), AtomicUsize::new(0), Arc::<Woken>::default());
        let mut work = pin!(waiting.until(|| match value.load(Ordering::SeqCst) {
            0 => None,
            found => Some(found),
        }));
        assert_eq!(woken.poll(work.as_mut()), Poll::Pending);
        waiting.wake_all();
        assert_eq!((woken.count(), woken.poll(work.as_mut())), (1, Poll::Pending));
        value.store(7, Ordering::SeqCst);
        waiting.wake_all();
        assert_eq!((woken.count(), woken.poll(work.as_mut())), (2, Poll::Ready(7)));
    }

    /// A change between the look and the wait is not missed.
    #[test]
    fn what_changes_meanwhile_is_found() {
        let (waiting, woken) = (Waiting::default(), Arc::<Woken>::default());
        let mut asked = 0;
        let work = pin!(waiting.until(|| {
            asked += 1;
            (asked == 2).then_some(())
        }));
        assert_eq!(woken.poll(work), Poll::Ready(()));
    }

    #[test]
    fn one_is_woken_at_a_time_in_the_order_in_which_they_came() {
        let waiting = Waiting::default();
        let tasks: [Arc<Woken>; 3] = Default::default();
        let mut gone = Box::pin(waiting.until(nothing));
        let mut first = Box::pin(waiting.until(nothing));
        let mut second = Box::pin(waiting.until(nothing));
        for (task, work) in tasks.iter().zip([&mut gone, &mut first, &mut second]) {
            assert_eq!(task.poll(work.as_mut()), Poll::Pending);
        }
        // A future that was dropped is not woken.
        drop(gone);
        waiting.wake_one();
        assert_eq!(tasks.each_ref().map(|task| task.count()), [0, 1, 0]);
        // A task that was woken in vain keeps its place before those that came later.
        assert_eq!(tasks[1].poll(first.as_mut()), Poll::Pending);
        waiting.wake_one();
        waiting.wake_one();
        assert_eq!(tasks.each_ref().map(|task| task.count()), [0, 2, 1]);
    }
    /// A waker that holds a future whose drop gives back a seat, as the tasks of an executor do.
    struct Holds(#[expect(dead_code, reason = "it is dropped")] Box<dyn Send + Sync>);

    impl Wake for Holds {
        fn wake(self: Arc<Self>) {}
    }

    /// A future whose seat is given back when a waker of the same list is dropped.
    struct GivesBack(Arc<Waiting>, Option<u64>);

    impl Drop for GivesBack {
        fn drop(&mut self) {
            self.0.forget(self.1);
        }
    }

    #[test]
    fn a_waker_that_gives_back_a_seat_when_it_is_dropped_does_no_harm() {
        let waiting = Arc::<Waiting>::default();
        let mut keys = [None; 3];
        let cx = &Context::from_waker(Waker::noop());
        for key in &mut keys {
            waiting.wait(key, cx);
        }
        let [forgotten, replaced, first] = &mut keys;
        for key in [*first, None] {
            let task = Arc::new(Holds(Box::new(GivesBack(Arc::clone(&waiting), key))));
            let waker = Waker::from(task);
            waiting.wait(if key.is_some() { forgotten } else { replaced }, &Context::from_waker(&waker));
        }
        waiting.forget(*forgotten);
        waiting.wait(replaced, cx);
        assert_eq!(waiting.tasks().wakers.len(), 1);
    }
}
