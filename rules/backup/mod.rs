//! Backup and recovery (BKP).

pub(crate) mod backup_container;
pub(crate) mod newest_folder_complete;
pub(crate) mod recent_complete_folder;
pub(crate) mod recent_postgres_backup;
pub(crate) mod timestamped_folders;
