"""Điểm Báo: press monitoring and public correction for a provincial information department."""
