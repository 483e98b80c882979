//! A whole town on the loopback: the real program, real TLS, real files.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

mod hall;
mod shelter;

use hall::{Hall, TestSite};
use shelter::TestBox;

#[tokio::test]
async fn what_a_box_wrote_is_durable_at_the_server_and_counted() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    let counts = server.counts();
    assert_eq!((counts["town"].as_str(), &counts["records"]), (Some("汐見町"), &1.into()));
    let live = counts["incidents"].as_array().unwrap().iter().find(|of| of["mode"] == "live").unwrap();
    let site = &live["sites"][0];
    assert_eq!((site["name"].as_str(), &site["here"]), (Some("汐見小学校 体育館"), &1.into()));
    assert!(site["last_contact"].as_u64().unwrap() > 1_700_000_000_000);
}
