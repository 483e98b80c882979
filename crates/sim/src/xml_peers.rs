//! Others' programs that judge alerts on their way to broadcasters: xmllint with the schema of CAP 1.2, xmlsec1, and signxml.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Takes a certificate (PEM) and a file, and is content when the one signed all of the other.
const SIGNXML: &str = "
import sys, signxml
pem, file = (open(path, 'rb').read() for path in sys.argv[1:])
verified = signxml.XMLVerifier().verify(file, x509_cert=pem.decode())
assert verified.signed_xml.tag == '{urn:oasis:names:tc:emergency:cap:1.2}alert'
";

/// The programs, in a folder of their own.
#[derive(Debug)]
pub struct XmlPeers {
    /// What `tests/xml-peers.sh` brought.
    brought: PathBuf,
    folder: PathBuf,
}

impl XmlPeers {
    /// Brings what is missing; `folder` is for the files that are judged.
    ///
    /// # Errors
    /// When it could not be brought: it needs a network the first time.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        if !Command::new(root.join("tests/xml-peers.sh")).status()?.success() {
            return Err(io::Error::other("tests/xml-peers.sh failed"));
        }
        Ok(Self { brought: root.join("target/xml-peers").canonicalize()?, folder: folder.to_owned() })
    }

    /// Whether the file keeps to the schema.
    ///
    /// # Errors
    /// When a program cannot be run.
    pub fn schema(&self, file: &[u8]) -> io::Result<bool> {
        let schema = self.brought.join("cap.xsd");
        self.is_content(
            "xmllint",
            &["--nonet", "--noout", "--schema", &schema.to_string_lossy(), "alert.xml"],
            file,
            "",
        )
    }

    /// Whether xmlsec1 takes the signature for that of the certificate (PEM).
    ///
    /// # Errors
    /// When a program cannot be run.
    pub fn xmlsec1(&self, file: &[u8], certificate: &str) -> io::Result<bool> {
        let arguments = ["--verify", "--pubkey-cert-pem", "certificate.pem", "alert.xml"];
        self.is_content("xmlsec1", &arguments, file, certificate)
    }

    /// The same of signxml.
    ///
    /// # Errors
    /// When a program cannot be run.
    pub fn signxml(&self, file: &[u8], certificate: &str) -> io::Result<bool> {
        self.is_content("python3", &["-c", SIGNXML, "certificate.pem", "alert.xml"], file, certificate)
    }

    fn is_content(
        &self,
        program: &str,
        arguments: &[&str],
        file: &[u8],
        certificate: &str,
    ) -> io::Result<bool> {
        std::fs::write(self.folder.join("alert.xml"), file)?;
        std::fs::write(self.folder.join("certificate.pem"), certificate)?;
        let mut command = Command::new(program);
        command.args(arguments).env("PYTHONPATH", self.brought.join("python")).current_dir(&self.folder);
        Ok(command.output()?.status.success())
    }
}
