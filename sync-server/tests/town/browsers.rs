//! The listener of officials' browsers, as an administrator sets it up.

use std::process::Output;
use std::sync::Arc;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::hall::{Hall, free_address};

const STAFF: &str = "5a000000000000000000000000000001";

fn agent(authority: &[u8]) -> ureq::Agent {
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(authority).unwrap()]);
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots)
        .build();
    ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into()
}

fn refused(Output { status, stderr, .. }: Output) -> String {
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

fn with_staff(town: String) -> String {
    let person = "01".repeat(16);
    format!(
        "{town}\n[[staff]]\nid = \"{STAFF}\"\nname = \"浜田\"\nrole = \"official\"\nperson = \"{person}\"\nuntil = \"2999-03-31\"\n"
    )
}

#[test]
fn an_administrator_lets_browsers_in_by_a_name_a_certificate_and_a_link() {
    let mut hall = Hall::new();
    hall.edit_town(with_staff);
    hall.import();
    let address = hall.opens_to_browsers();
    let (_, port) = address.rsplit_once(':').unwrap();
    let invite = ["browser", "invite", "--staff", STAFF];
    assert!(refused(hall.command(&invite)).contains("run `hinamori-server browser certificate` first"));
    let boxes = ["run", "--boxes", "127.0.0.1:0", "--web", "127.0.0.1:0", "--browsers", "127.0.0.1:0"];
    assert!(refused(hall.command(&boxes)).contains("run `hinamori-server browser certificate` first"));
    let brought = ["browser", "certificate", "--name", "localhost", "--brought"];
    assert!(refused(hall.command(&brought)).contains("certificate.pem is missing"));

    let owner = hall.owned_by_a_service_user();
    let said = hall.must(&["browser", "certificate", "--name", "localhost", "--port", port]);
    let authority = std::fs::read(said.trim().strip_prefix("install on each tablet: ").unwrap()).unwrap();
    let link = hall.must(&invite);
    assert!(link.starts_with(&format!("https://localhost:{port}/#enrol=")), "{link}");
    let server = hall.run();
    let browser = agent(&authority);
    let origin = format!("https://localhost:{port}");
    assert_eq!(browser.get(&origin).call().unwrap().status(), 200);
    let mut begun = browser
        .post(format!("{origin}/api/v1/enrolment/begin"))
        .header("origin", &origin)
        .content_type("application/json")
        .send(format!(r#"{{"code":"{}"}}"#, link.trim().split_once('=').unwrap().1))
        .unwrap();
    let options: serde_json::Value = serde_json::from_reader(begun.body_mut().as_reader()).unwrap();
    assert_eq!(
        (&options["publicKey"]["rp"]["id"], &options["publicKey"]["rp"]["name"]),
        (&"localhost".into(), &"汐見町".into())
    );
    server.terminate();

    assert_eq!(hall.must(&["browser", "list"]), format!("{origin}\n"));
    // The invitation alone, and then nothing more.
    let remove = ["browser", "remove", "--staff", STAFF];
    assert!(hall.must(&remove).starts_with("0 passkeys"));
    assert!(refused(hall.command(&remove)).contains("has no such passkey"));
    let log = hall.must(&["log", "browsers"]);
    let did: Vec<_> = ["\"did\":\"named\"", "\"did\":\"invited\""].map(|did| log.contains(did)).into();
    assert_eq!(did, [true, true], "{log}");
    assert!(hall.not_owned_by(owner).is_empty());
}

#[test]
fn televisions_and_stations_elsewhere_are_served_over_tls_and_those_of_this_machine_without() {
    let mut hall = Hall::new();
    hall.import();
    let [televisions, stations] = [(); 2].map(|()| free_address().replace("127.0.0.1", "0.0.0.0"));
    let run = ["run", "--boxes", "127.0.0.1:0", "--web", "127.0.0.1:0"];
    for (option, address, why) in [
        ("--televisions", &televisions, "run `hinamori-server browser certificate` first"),
        ("--stations", &stations, "run `hinamori-server browser certificate` first"),
        ("--inquiries", &stations, "say 127.0.0.1"),
        ("--desk", &stations, "say 127.0.0.1"),
    ] {
        let said = refused(hall.command(&[run.as_slice(), &[option, address]].concat()));
        assert!(said.contains(why), "{option}: {said}");
    }
    let said = hall.must(&["browser", "certificate", "--name", "localhost"]);
    let authority = std::fs::read(said.trim().strip_prefix("install on each tablet: ").unwrap()).unwrap();
    hall.also_runs_with("--televisions", &televisions);
    hall.also_runs_with("--stations", &stations);
    let server = hall.run();
    let browser = agent(&authority);
    let [televisions, stations] =
        [televisions, stations].map(|address| address.replace("0.0.0.0", "https://localhost"));
    for (address, status) in [
        (format!("{televisions}/tv/"), 200),
        (format!("{televisions}/tv/wait"), 401),
        (format!("{stations}/station/"), 200),
        (format!("{stations}/feed/cap.atom"), 401),
    ] {
        assert_eq!(browser.get(&address).call().unwrap().status(), status, "{address}");
        assert!(browser.get(address.replace("https", "http")).call().is_err(), "{address} without TLS");
    }
    let hello = browser.post(format!("{televisions}/tv/hello")).send_empty().unwrap();
    assert_eq!(hello.status(), 200);
    server.terminate();

    let [televisions, stations] = [(); 2].map(|()| free_address());
    let mut here = Hall::new();
    here.import();
    here.also_runs_with("--televisions", &televisions);
    here.also_runs_with("--stations", &stations);
    let server = here.run();
    for address in [format!("http://{televisions}/tv/"), format!("http://{stations}/station/")] {
        assert_eq!(browser.get(&address).call().unwrap().status(), 200, "{address}");
    }
    server.terminate();
}
