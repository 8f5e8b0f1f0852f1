//! The one signal that ends everything: given once, seen by every listener, queue and poll.

use tokio::sync::watch;

/// Gives the signal. Dropping it gives it too, so that nothing runs on without its server.
#[derive(Debug)]
pub struct StopHandle(watch::Sender<bool>);

/// Sees the signal.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A signal that was not given yet.
pub fn stop() -> (StopHandle, Stop) {
    let (sender, receiver) = watch::channel(false);
    (StopHandle(sender), Stop(receiver))
}

impl StopHandle {
    /// Everything is to end.
    pub fn tell(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when everything is to end.
    pub async fn told(&mut self) {
        // An error means that the sender is gone, which is the same.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether everything is to end.
    pub fn is_told(&self) -> bool {
        *self.0.borrow()
    }
}
