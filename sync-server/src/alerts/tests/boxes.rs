//! What boxes are told of alerts.

use hinamori_alert::{Alerts, Envelope, KeyList, Taken};
use hinamori_model::BoxId;
use hinamori_plan::SignedPlan;
use hinamori_sync::{AlertMessage, AlertsHeld, Grants, Held, Session, Side};
use serde_json::json;

use super::{Hall, landslide};
use crate::alerts::ForBoxes;
use crate::clock::now;

/// What the box that holds this hears of it.
fn heard(hall: &Hall, told: &ForBoxes, held: &AlertsHeld) -> Vec<AlertMessage> {
    let root = hall.keys.town_root.public();
    let peer = BoxId::from_bytes([7; 16]);
    let (mut server, hello) =
        Session::new(Side::Server { peer }, root, None, Grants::default(), Held::NOTHING);
    let held = Held { alerts: held, ..Held::NOTHING };
    let (mut at_box, own_hello) = Session::new(Side::Box, root, None, Grants::default(), held);
    let _looked = server.received(&own_hello).unwrap();
    let _looked = at_box.received(&hello).unwrap();
    at_box.received(&told.offer(&mut server, &mut Vec::new())).unwrap().alerts
}

#[tokio::test]
async fn boxes_are_told_what_they_can_verify_themselves_and_nobody_s_instruction() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    let id = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
    let told = heard(&hall, &hall.board.for_boxes(now()), AlertsHeld::NOTHING);
    let [
        AlertMessage::Keys { version, bytes },
        AlertMessage::Sent(order),
        AlertMessage::Sent(cancel),
        AlertMessage::Plan(plan),
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    let list = KeyList::decode(bytes, &hall.keys.town_root.public()).unwrap();
    assert_eq!(list.version, *version);
    let mut alerts = Alerts::default();
    let mut take = |sent: &hinamori_sync::CarriedAlert| {
        let envelope = Envelope::decode(&sent.envelope).unwrap();
        alerts.take(envelope.verify(&sent.alert, &list).unwrap(), now(), None)
    };
    assert_eq!((take(order), take(cancel)), (Taken::InForce, Taken::Cancels { messages: 1 }));
    assert!(!String::from_utf8_lossy(&order.to_bytes()).contains("花子"), "nobody is named");

    let on_stick = ForBoxes::on_the_disk(&hall.folder, &hall.keys, now()).unwrap();
    assert_eq!(heard(&hall, &on_stick, AlertsHeld::NOTHING), told, "a stick brings the same");
    // What officers say at a kiosk is what the town prepared, under the root's signature.
    let plan = AlertMessage::Plan(plan.clone());
    let AlertMessage::Plan(bytes) = &plan else { panic!() };
    assert!(
        SignedPlan::decode(bytes, &hall.keys.town_root.public())
            .unwrap()
            .plan
            .message("landslide-4")
            .is_some()
    );
    let known = AlertsHeld { list: *version, digests: [order.digest(), plan.digest().unwrap()].into() };
    assert_eq!(heard(&hall, &hall.board.for_boxes(now()), &known), [AlertMessage::Sent(cancel.clone())]);
    let later = now().plus(8 * 86_400_000);
    let told = heard(&hall, &hall.board.for_boxes(later), AlertsHeld::NOTHING);
    assert!(
        matches!(told[..], [AlertMessage::Keys { .. }, AlertMessage::Plan(_)]),
        "what is over is told to nobody"
    );
}
