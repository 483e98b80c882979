//! A town's package: whatever is signed opens as the same package.

use hinamori_model::{BoxId, IncidentId, SiteId, SiteKind, UnixMillis};
use hinamori_sync::Grant;
use hinamori_sync::town::{Incidents, Package, PackageError, RootKey, SignedPackage, Site, TownSecret};

pub(crate) fn run(bytes: &[u8]) {
    let root = RootKey::from_bytes(&[9; 32]);
    assert!(SignedPackage::open(bytes, &root.public()).is_err(), "opened without a signature");
    let Ok(package) = postcard::from_bytes::<Package>(bytes) else { return };
    let signed = match root.sign(&package) {
        Ok(signed) => signed,
        // It names more or longer things than a box takes.
        Err(PackageError::Malformed) => return,
        Err(error) => panic!("a package that was read cannot be signed: {error}"),
    };
    match SignedPackage::open(signed.as_bytes(), &root.public()) {
        Ok((_, opened)) => assert!(opened == package, "another package opens than was signed"),
        Err(error) => assert!(!package.incidents.are_distinct(), "{error}"),
    }
}

pub(crate) fn seeds() -> crate::Seeds {
    let (id, site) = (|byte| IncidentId::from_bytes([byte; 16]), SiteId::from_bytes([0x61; 16]));
    let package = Package {
        version: 1,
        issued_at: UnixMillis::new(0),
        name: "汐見町".to_owned(),
        key: TownSecret([8; 32]),
        sites: vec![Site {
            id: site,
            name: "体育館".to_owned(),
            kind: SiteKind::Shelter,
            catchment: Vec::new(),
            position: None,
            capacity: None,
        }],
        incidents: Incidents { daily_life: id(2), live: id(1), drill: id(3) },
        boxes: vec![(
            BoxId::from_bytes([5; 16]),
            Grant { seal_key: [4; 32], tls_key: [0; 32], site, reads: Vec::new() },
        )],
        denied: Vec::new(),
        cut_offs: Vec::new(),
        retentions: Vec::new(),
        forks: Vec::new(),
        anchors: vec![vec![0x30, 0]],
        intermediates: Vec::new(),
        feed_key: [6; 32],
        receipt_key: [0; 32],
        list_grace_millis: 3_600_000,
        resets_time: false,
        roster: Vec::new(),
        staff: Vec::new(),
        incident_keys: Vec::new(),
        closed: Vec::new(),
        ledger_key: [0; 32],
        earlier: Vec::new(),
    };
    vec![("seed-small", postcard::to_stdvec(&package).unwrap_or_default())]
}
