//! The thread that owns the file of alerts. Answers of many televisions that come together share one commit.

use std::sync::mpsc;
use std::thread::JoinHandle;

use hinamori_store_sqlite::{AlertStore, Answer, StoreError};
use tokio::sync::oneshot;

/// Answers that share a commit at the most.
const TOGETHER: usize = 4_096;

type Work = Box<dyn FnOnce(&mut AlertStore) + Send>;

enum Job {
    Work(Work),
    /// Told once they are on the disk.
    Answers(Vec<Answer>, Option<oneshot::Sender<()>>),
    End,
}

/// The way to the thread. It ends when it is asked to, or when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Keeper {
    jobs: mpsc::Sender<Job>,
}

/// The thread is gone, or the disk refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// The server ends.
    #[error("the file of alerts is closed")]
    Closed,
    /// The disk.
    #[error("the file of alerts cannot be used")]
    Store(#[from] StoreError),
}

impl Keeper {
    /// Starts the thread.
    pub(crate) fn start(mut store: AlertStore) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, waiting) = mpsc::channel();
        let thread = std::thread::Builder::new().name("alerts".to_owned()).spawn(move || {
            let mut next = waiting.recv().ok();
            while let Some(job) = next.take() {
                match job {
                    Job::Work(work) => work(&mut store),
                    Job::End => break,
                    Job::Answers(mut together, told) => {
                        let mut waiters: Vec<_> = told.into_iter().collect();
                        while together.len() < TOGETHER {
                            match waiting.try_recv() {
                                Ok(Job::Answers(more, told)) => {
                                    together.extend(more);
                                    waiters.extend(told);
                                }
                                Ok(work) => {
                                    next = Some(work);
                                    break;
                                }
                                Err(_) => break,
                            }
                        }
                        keep(&mut store, &together, waiters);
                    }
                }
                next = next.or_else(|| waiting.try_recv().ok()).or_else(|| {
                    // Nobody waits.
                    store.tidy();
                    waiting.recv().ok()
                });
            }
        })?;
        Ok((Self { jobs }, thread))
    }

    /// Ends the thread after everything that was asked before.
    pub(crate) fn end(&self) {
        // It may have ended already.
        drop(self.jobs.send(Job::End));
    }

    /// Has `work` done after everything that was asked before.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AlertStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, NotKept> {
        let (told, answered) = oneshot::channel();
        let job = Job::Work(Box::new(move |store| drop(told.send(work(store)))));
        self.jobs.send(job).map_err(|_gone| NotKept::Closed)?;
        Ok(answered.await.map_err(|_gone| NotKept::Closed)??)
    }

    /// Keeps an answer, and returns once it is on the disk.
    pub(crate) async fn answer(&self, answer: Answer) -> Result<(), NotKept> {
        let (told, kept) = oneshot::channel();
        self.jobs.send(Job::Answers(vec![answer], Some(told))).map_err(|_gone| NotKept::Closed)?;
        kept.await.map_err(|_not_kept| NotKept::Closed)
    }

    /// Keeps answers that nobody waits for.
    pub(crate) fn note(&self, answers: Vec<Answer>) {
        // Whoever ends the server loses when it was delivered, and nothing else.
        drop(self.jobs.send(Job::Answers(answers, None)));
    }
}

/// Whoever waits is told nothing when the disk refuses, and sees that as a failure.
fn keep(store: &mut AlertStore, answers: &[Answer], told: Vec<oneshot::Sender<()>>) {
    match store.add_answers(answers) {
        // Whoever asked may be gone; it is kept all the same.
        Ok(()) => told.into_iter().for_each(|told| told.send(()).unwrap_or_default()),
        Err(error) => tracing::error!(%error, "answers of televisions are not kept"),
    }
}
