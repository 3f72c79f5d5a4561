//! A file that is replaced at once: who reads it meanwhile has the old text or the new one, never a part.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process,
};

use anyhow::{Context, bail};

use crate::input::document;

/// Puts a text in the place of another. Where the file has yet another by now, somebody else has changed it.
pub fn replace(path: &Path, old: &str, new: &str) -> anyhow::Result<()> {
    // A link stays one.
    let path = &fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let copy = path.with_file_name(format!(".{name}.{}", process::id()));
    let replaced = write(&copy, path, new).and_then(|()| {
        if document::read_text(path)? != old {
            bail!("was changed meanwhile: try again");
        }
        Ok(fs::rename(&copy, path)?)
    });
    replaced.inspect_err(|_| drop(fs::remove_file(&copy)))
}

/// Writes a new file with the permissions of another.
fn write(copy: &Path, of: &Path, text: &str) -> anyhow::Result<()> {
    let name = || copy.display().to_string();
    let mut file = File::options().write(true).create_new(true).open(copy).with_context(name)?;
    file.set_permissions(fs::metadata(of)?.permissions()).with_context(name)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn keeps_permissions_and_links_and_what_somebody_else_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("list.yaml"), folder.path().join("link.yaml"));
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
        symlink(&path, &link).expect("a link");
        replace(&link, "old", "new").expect("a change");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "new");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
        let error = replace(&path, "old", "newer").expect_err("a change of somebody else");
        assert_eq!(error.to_string(), "was changed meanwhile: try again");
        assert_eq!(fs::read_to_string(&path).expect("a file"), "new");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
