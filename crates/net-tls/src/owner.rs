//! Whose files a program leaves behind.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Becomes the owner of `folder` for good, when this is root and the folder is another user's. Otherwise what
/// root types at a machine would leave files that the service cannot read. A folder that is not there yet
/// changes nothing.
///
/// To be called before there is a second thread: the system changes the calling one, and those begun after.
///
/// # Errors
/// The system's; the program must end then, because it may be half of each.
pub fn act_as_owner(folder: &Path) -> io::Result<()> {
    let owner = match std::fs::metadata(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    if !geteuid().is_root() || user.is_root() {
        return Ok(());
    }
    // The user last: who is not root any more may not change groups.
    set_thread_groups(&[group])?;
    set_thread_res_gid(group, group, group)?;
    Ok(set_thread_res_uid(user, user, user)?)
}
